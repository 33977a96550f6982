import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from './errors.ts'

test('docs/errors.md and the table say the same', () => {
  const page = readFileSync(join(import.meta.dir, '../../docs/errors.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replace(/ +\| +/g, ' | ').replace(/ +\|$/, ' |'))
  const expected = Object.entries(ERRORS).map(
    ([code, row]) => `| \`${code}\` | ${row.status} | ${row.fault} | ${row.retry} | ${row.cooldown ? 'yes' : 'no'} | ${row.sentence} |`,
  )
  expect(rows).toEqual(expected)
})
