// The command as operators run it: a process, a data directory, an exit code.

import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../src/store/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'switchyard-ledger-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function verify(data: string): { code: number; output: string } {
  const { exitCode, stdout } = Bun.spawnSync([process.execPath, '--no-env-file', join(import.meta.dir, 'ledger-verify.ts')], {
    env: { PATH: process.env.PATH ?? '', SWITCHYARD_DATA: data },
    stderr: 'ignore',
  })
  return { code: exitCode, output: stdout.toString() }
}

test('ledger:verify proves the sums and names what is wrong', async () => {
  expect(verify(join(directory, 'nothing')).code).toBe(2)
  const file = join(directory, 'switchyard.sqlite')
  const store = openStore(file)
  await store.ledger.open('a', 'prepaid')
  await store.ledger.post({ key: 'first', kind: 'top-up', account: 'a', amount: 100, nowMs: 0, detail: '{}' })
  expect(verify(directory)).toEqual({ code: 0, output: 'ledger: every sum holds\n' })
  await store.close()
  const database = new Database(file)
  database.run("UPDATE account SET balance = 99 WHERE id = 'a'")
  database.close()
  expect(verify(directory)).toEqual({
    code: 1,
    output: 'account a shows 99 nano-dollars, its postings sum to 100\nledger: 1 findings\n',
  })
}, 30_000)
