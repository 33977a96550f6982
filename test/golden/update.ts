// Writes the golden matrix anew: `npm run golden:update`. The diff is for people to review.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { matrix } from './matrix.ts'

const ROOT = join(import.meta.dir, 'files')
rmSync(ROOT, { recursive: true, force: true })
for (const [name, text] of matrix()) {
  const path = join(ROOT, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
