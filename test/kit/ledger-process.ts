// A process that holds one nano-dollar so many times on account `a`, says how often it could, and then waits to be killed.
// Arguments: engine, place, prefix of the holds' ids, number of holds.

import { openPostgres } from '../../src/store/engines/postgres/postgres.ts'
import { openSqlite } from '../../src/store/engines/sqlite/sqlite.ts'
import { ledgerRepository } from '../../src/store/repositories/ledger.ts'
import { postgresLedger } from '../../src/store/repositories/ledger-postgres.ts'

const [engine, place = '', name = '', holds = '0'] = process.argv.slice(2)
const ledger = engine === 'postgres' ? postgresLedger(await openPostgres(place)) : ledgerRepository(openSqlite(place))
const hold = (at: number): Promise<boolean> => ledger.hold({ id: `${name}${at}`, account: 'a', amount: 1, leaseMs: 1_000 })
const answers = await Promise.all(Array.from({ length: Number(holds) }, (_, at) => hold(at)))
console.log(answers.filter(Boolean).length)
setInterval(() => {}, 1_000)
