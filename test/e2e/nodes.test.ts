// The program on a database for many nodes, and as several processes on one port.

import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasPostgres, type RunningPostgres, startPostgres } from '../kit/postgres.ts'
import { hasRedis, sharedRedis } from '../kit/redis.ts'
import { until } from '../kit/service.ts'
import { type Running, startSwitchyard, TEST_KEY } from '../kit/switchyard.ts'

const SECRET = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const ROOT = join(import.meta.dir, '../..')
const directory = mkdtempSync(join(tmpdir(), 'switchyard-nodes-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs the program with these settings until it ends. */
async function ended(environment: Record<string, string>, ...words: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(ROOT, 'src/main.ts'), ...words], {
    cwd: directory,
    env: {
      PATH: process.env.PATH ?? '',
      BUN_CONFIG_MAX_HTTP_REQUESTS: '65535',
      SWITCHYARD_PORT: '0',
      SWITCHYARD_DATA: directory,
      ...environment,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { code, output: out + error }
}

const chat = (url: string, key = TEST_KEY): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'test/echo', messages: [{ role: 'user', content: 'hello' }] }),
  })

describe('settings that cannot be served together refuse the start and say why', () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    ['a database without a secret', { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1/x' }, /DATABASE_URL needs SWITCHYARD_SECRET/],
    ['another kind of database', { DATABASE_URL: 'mysql://u:hunter2@127.0.0.1/x', SWITCHYARD_SECRET: SECRET }, /DATABASE_URL must begin/],
    ['several workers alone', { SWITCHYARD_WORKERS: '2' }, /SWITCHYARD_WORKERS above 1 needs REDIS_URL/],
    ['an unknown durability', { SWITCHYARD_DURABILITY: 'maybe' }, /SWITCHYARD_DURABILITY must be one of: normal, full/],
  ]
  for (const [name, environment, message] of cases) {
    test(name, async () => {
      const { code, output } = await ended(environment)
      expect(code).toBe(1)
      expect(output).toMatch(message)
      expect(output).not.toContain('hunter2')
    })
  }
})

describe.skipIf(!hasPostgres)('on PostgreSQL', () => {
  let server: RunningPostgres
  const environment = async (): Promise<Record<string, string>> => {
    server ??= await startPostgres()
    return { DATABASE_URL: await server.freshDatabase(), SWITCHYARD_SECRET: SECRET }
  }
  afterAll(() => server?.close())

  test('it serves, remembers over a restart, and is alone unless nodes share Redis', async () => {
    const settings = await environment()
    const first = await startSwitchyard({ environment: settings, generatedKey: true })
    const answer = await chat(first.url, first.key)
    expect(answer.status).toBe(200)
    const id = answer.headers.get('x-request-id')
    const another = await ended(settings)
    expect(another.code).toBe(1)
    expect(another.output).toMatch(/another node runs on this database: several nodes need REDIS_URL/)
    expect(await first.stop()).toBe(0)

    const second = await startSwitchyard({ environment: settings })
    const remembered = await fetch(`${second.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${first.key}` } })
    expect(remembered.status).toBe(200)
    await second.stop()
  })

  test('while the database is down a key that must be looked up is a 503, and afterwards all is well', async () => {
    const node = await startSwitchyard({ environment: await environment() })
    expect((await chat(node.url)).status).toBe(200)
    await server.stop('immediate')
    const down = await chat(node.url, 'sk-never-seen-before-000000000000000000')
    expect(down.status).toBe(503)
    expect(await down.json()).toMatchObject({ error: { message: 'The gateway cannot reach its storage.' } })
    await server.start()
    await until(async () => (await chat(node.url, 'sk-never-seen-before-000000000000000000')).status === 401, 'the key is looked up again')
    expect((await chat(node.url)).status).toBe(200)
    expect(await node.stop()).toBe(0)
  })

  test('`migrate --dry-run` changes nothing, `migrate` runs what is pending', async () => {
    const settings = await environment()
    const planned = await ended(settings, 'migrate', '--dry-run')
    expect(planned.output).toMatch(/0001-keys-and-requests: about under 0.1 s/)
    expect((await ended(settings, 'migrate')).output).toMatch(/Done in/)
    expect(await ended(settings, 'migrate')).toEqual({ code: 0, output: 'The database is up to date.\n' })
    expect((await ended(settings, 'migrate', '--wrong')).code).toBe(2)
  })

  test('a database that refuses us is named in one line', async () => {
    const { DATABASE_URL = '' } = await environment()
    const { code, output } = await ended({ DATABASE_URL: `${DATABASE_URL}_missing`, SWITCHYARD_SECRET: SECRET })
    expect(code).toBe(1)
    expect(output).toMatch(/^switchyard: DATABASE_URL: database "\w+" does not exist\n$/)
  })
})

describe.skipIf(!hasRedis)('as several processes on one port', () => {
  const workersOf = ({ pid }: Running): number[] =>
    Bun.spawnSync(['pgrep', '-P', String(pid)])
      .stdout.toString()
      .split('\n')
      .filter(Boolean)
      .map(Number)

  test('they share the file, one that dies is replaced, and all end together', async () => {
    const redis = await sharedRedis()
    const running = await startSwitchyard({ environment: { SWITCHYARD_WORKERS: '2', REDIS_URL: redis.url } })
    const before = workersOf(running)
    expect(before).toHaveLength(2)
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await chat(running.url)).status))
    expect(new Set(statuses)).toEqual(new Set([200]))
    process.kill(before[0] as number, 'SIGKILL')
    await until(() => workersOf(running).some((pid) => !before.includes(pid)), 'another worker')
    expect(workersOf(running)).toContain(before[1] as number)
    await until(async () => (await chat(running.url).catch(() => undefined))?.status === 200, 'it serves')
    expect(await running.stop()).toBe(0)
    expect(running.output()).toContain('a worker ended and is started again')
  })

  test('workers end when the process that started them is killed', async () => {
    const redis = await sharedRedis()
    const running = await startSwitchyard({ environment: { SWITCHYARD_WORKERS: '2', REDIS_URL: redis.url } })
    const workers = workersOf(running)
    await running.stop('SIGKILL')
    await until(() => workers.every((pid) => Bun.spawnSync(['kill', '-0', String(pid)]).exitCode !== 0), 'the workers end')
  })
})
