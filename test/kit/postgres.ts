// A PostgreSQL server for tests, from the binaries of the machine (Debian's package among them), on a free port and in a
// directory of its own, without durability. PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`.

import { chownSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { canGuard, freePort, serviceDirectory, signalTree, until } from './service.ts'

export interface RunningPostgres {
  /** A database of its own for each call, empty. */
  freshDatabase(): Promise<string>
  /** Ends the server: `fast` as an operator does, `immediate` as a crash does. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** Starts it again on the same port and data. */
  start(): Promise<void>
  /** It stays connected and answers nothing. */
  pause(): void
  resume(): void
  /** Ends it and removes its data. */
  close(): Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

/** The folder that holds `initdb` and `postgres`; `undefined` when PostgreSQL is not installed. */
function findBinaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const onPath = Bun.which('initdb')
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(onPath === null ? [] : [join(onPath, '..')])]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

const binaries = findBinaries()
export const hasPostgres = binaries !== undefined && canGuard

/** A language's own order of text, as operators have it: code that relies on the order of bytes must say so. */
const LANGUAGE = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US']

/** Who runs it; `undefined` for ourselves. */
function unprivileged(): number | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const id = Number.parseInt(Bun.spawnSync(['id', '-u', name]).stdout.toString(), 10)
    if (Number.isInteger(id)) return id
  }
  return undefined
}

export async function startPostgres(): Promise<RunningPostgres> {
  if (binaries === undefined) throw new Error('PostgreSQL is not installed')
  const uid = unprivileged()
  const as = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, '--clear-groups', '--']
  const directory = serviceDirectory('postgres', { pidFile: 'data/postmaster.pid', signal: 'QUIT' })
  if (uid !== undefined) chownSync(directory.path, uid, -1)
  const data = join(directory.path, 'data')
  const initialise = [
    ...as,
    join(binaries, 'initdb'),
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'switchyard',
    '-E',
    'UTF8',
    '--no-sync',
    ...LANGUAGE,
  ]
  const made = Bun.spawnSync(initialise, { cwd: directory.path })
  if (!made.success) throw new Error(`initdb: ${made.stderr.toString()}`)
  const port = freePort()
  const url = (database: string): string => `postgres://switchyard@127.0.0.1:${port}/${database}`
  const options = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off', max_connections: '400' }
  const command = [
    ...as,
    join(binaries, 'postgres'),
    '-D',
    data,
    ...Object.entries(options).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]
  let child: Bun.Subprocess | undefined

  async function asked(statement: string, database = 'postgres'): Promise<void> {
    const sql = new Bun.SQL(url(database), { max: 1, connectionTimeout: 5 })
    try {
      await sql.unsafe(statement)
    } finally {
      await sql.close({ timeout: 1 })
    }
  }

  const running: RunningPostgres = {
    async freshDatabase() {
      const name = `test_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`
      await asked(`CREATE DATABASE ${name}`)
      return url(name)
    },
    async start() {
      child = Bun.spawn(command, { cwd: directory.path, stdout: 'ignore', stderr: Bun.file(join(directory.path, 'log')) })
      await until(
        () =>
          asked('SELECT 1').then(
            () => true,
            () => false,
          ),
        'PostgreSQL starts',
      )
    },
    async stop(mode = 'fast') {
      child?.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await child?.exited
      child = undefined
    },
    pause: () => child && signalTree(child.pid, 'SIGSTOP'),
    resume: () => child && signalTree(child.pid, 'SIGCONT'),
    async close() {
      await running.stop('immediate')
      directory.remove()
    },
  }
  await running.start()
  return running
}

let shared: Promise<RunningPostgres> | undefined

/** A fresh database on the one server of this test process, for tests that leave the server alone. */
export async function freshDatabase(): Promise<string> {
  shared ??= startPostgres()
  return (await shared).freshDatabase()
}
