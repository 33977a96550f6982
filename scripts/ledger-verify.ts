// `npm run ledger:verify`: proves the ledger of SWITCHYARD_DATA (or DATABASE_URL): every transaction sums to zero, every
// balance is the sum of its postings, nothing is without an owner. May run beside the program. Ends with 1 and a line for
// each finding when something is wrong, with 2 when there is no ledger to look at.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connectStore, openStore } from '../src/store/index.ts'

const { DATABASE_URL: url, SWITCHYARD_DATA: directory = './data' } = process.env
const file = join(directory, 'switchyard.sqlite')
if (!url && !existsSync(file)) {
  console.error(`ledger: there is no ${file}; name the data directory in SWITCHYARD_DATA`)
  process.exit(2)
}

const store = url ? await connectStore(url) : openStore(file)
const problems = await store.ledger.verify()
for (const problem of problems) console.log(problem)
console.log(problems.length === 0 ? 'ledger: every sum holds' : `ledger: ${problems.length} findings`)
await store.close()
process.exit(problems.length === 0 ? 0 : 1)
