import { expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCompiled } from './respawn.ts'

const folder = mkdtempSync(join(tmpdir(), 'respawn-'))
const program = join(folder, 'program.ts')
writeFileSync(
  program,
  `import { respawnWithRequestCap } from ${JSON.stringify(join(import.meta.dir, 'respawn.ts'))}
if (process.env.NO_EXECVE) Object.defineProperty(process, 'execve', { value: undefined })
await respawnWithRequestCap()
process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(7) })
console.log(JSON.stringify({ cap: process.env.BUN_CONFIG_MAX_HTTP_REQUESTS, args: process.argv.slice(2), pid: process.pid }))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
else if (process.argv[2] === 'die') process.kill(process.pid, 'SIGKILL')
else process.exitCode = 5
`,
)

const start = (args: string[], env: Record<string, string> = {}) =>
  Bun.spawn([process.execPath, '--no-env-file', program, ...args], {
    stdout: 'pipe',
    stderr: 'inherit',
    env: { PATH: process.env.PATH ?? '', ...env },
  })

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('\n')) break
  }
  return text
}

for (const way of [{}, { NO_EXECVE: '1' }] as Record<string, string>[]) {
  const name = way.NO_EXECVE ? 'as a child' : 'in place'
  test(`starts again ${name} with the cap set, its arguments and its exit code`, async () => {
    const child = start(['a', 'b c'], way)
    const seen = JSON.parse(await new Response(child.stdout).text())
    expect(seen).toMatchObject({ cap: '65535', args: ['a', 'b c'] })
    expect(await child.exited).toBe(5)
    expect(seen.pid === child.pid).toBe(!way.NO_EXECVE)
  })

  test(`hands on a signal ${name}`, async () => {
    const child = start(['wait'], way)
    await firstLine(child.stdout)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(7)
  })

  test(`ends by the signal that ended the program ${name}`, async () => {
    const child = start(['die'], way)
    await child.exited
    expect(child.signalCode).toBe('SIGKILL')
  })
}

test('stays as it is when the cap is set', async () => {
  const child = start([], { BUN_CONFIG_MAX_HTTP_REQUESTS: '300' })
  const seen = JSON.parse(await new Response(child.stdout).text())
  expect(seen).toMatchObject({ cap: '300', pid: child.pid })
})

test('knows a compiled program by its module path', () => {
  expect(isCompiled('/$bunfs/root/switchyard')).toBe(true)
  expect(isCompiled('B:/~BUN/root/switchyard.exe')).toBe(true)
  expect(isCompiled('/srv/switchyard/src/main.ts')).toBe(false)
})
