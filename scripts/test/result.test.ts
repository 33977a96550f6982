import { expect, test } from 'bun:test'
import { bunResult } from './bun-suite.ts'
import { checkResult } from './check-suite.ts'
import { cleanEnvironment } from './environment.ts'
import { unittestResult } from './python-suite.ts'
import { runCommand } from './run-command.ts'

test('counts and skipped names of bun test', () => {
  const output = '(fail) d > bad\n\n 12 pass\n 1 skip\n 1 todo\n 2 fail\n 9 expect() calls\nRan 16 tests across 1 file. [7.00ms]\n'
  const xml = `<testcase name="a &lt; b" classname="d" time="0" file="y.test.ts" line="1" assertions="0">
      <skipped /></testcase><testcase name="ok" classname="" file="y.test.ts" line="1" />`
  expect(bunResult(output, xml, 1)).toEqual({ passed: 12, failed: 2, skipped: ['y.test.ts: d › a < b', 'a test without a name'] })
})

test('a run that ends badly without a failed test is a failure', () => {
  expect(bunResult(' 3 pass\n 0 fail\n', '', 1).failed).toBe(1)
  expect(bunResult('', '', undefined)).toEqual({ passed: 0, failed: 1, skipped: [] })
  expect(unittestResult('ImportError', 1).failed).toBe(1)
  expect(checkResult('structure: ok\n', undefined)).toEqual({ passed: 1, failed: 1, skipped: [] })
})

test('counts of check and of unittest', () => {
  expect(checkResult('a.ts:1 size x\nstructure: 2 findings\ntypes: ok\nlint: failed\n', 1)).toEqual({ passed: 1, failed: 2, skipped: [] })
  const output = `test_a (test_x.A.test_a) ... ok\ntest_b (test_x.A.test_b) ... skipped 'no bucket'\n\nRan 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n`
  expect(unittestResult(output, 1)).toEqual({ passed: 2, failed: 2, skipped: ["test_b (test_x.A.test_b): 'no bucket'"] })
})

test('no credential, service or setting reaches the tests', () => {
  const clean = cleanEnvironment({
    OPENAI_API_KEY: 'x',
    MY_OWN_API_KEY: 'x',
    OPENAI_BASE_URL: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    DATABASE_URL: 'x',
    REDIS_URL: 'x',
    SWITCHYARD_PORT: '1',
    PATH: '/bin',
    FORCE_COLOR: '1',
    HTTP_PROXY: 'http://proxy.example',
    NO_PROXY: 'a.example',
  })
  expect(Object.keys(clean).sort()).toEqual(['HTTP_PROXY', 'NO_COLOR', 'NO_PROXY', 'PATH', 'no_proxy'])
  expect(clean.NO_PROXY).toBe('a.example,127.0.0.1,localhost,::1')
})

test('a command that hangs is ended', async () => {
  const options = { root: import.meta.dir, environment: {}, limitMs: 200 }
  const { exitCode } = await runCommand([process.execPath, '-e', 'setInterval(() => {}, 1000)'], options)
  expect(exitCode).toBeUndefined()
})
