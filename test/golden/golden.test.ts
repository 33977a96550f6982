// What translation does today is what the golden files say. A wanted change is made with
// `npm run golden:update` and reviewed as a diff.

import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { matrix } from './matrix.ts'

for (const [name, text] of matrix()) {
  test(name, () => {
    const path = join(import.meta.dir, 'files', name)
    expect(existsSync(path) ? readFileSync(path, 'utf8') : 'there is no such golden file').toBe(text)
  })
}
