// Proves the ledger: every transaction sums to zero, every balance is the sum of its postings, nothing is without an
// owner. Reads one state of the database, whoever writes beside it.

import type { SqliteEngine } from '../engines/sqlite/sqlite.ts'

/** At most so many lines for each kind of finding: one broken statement would otherwise print a book. */
const LINES = 20

/** What a check finds wrong: whose, and two numbers that ought to be otherwise. */
export interface LedgerFinding {
  readonly name: string
  readonly a: number
  readonly b: number
}

interface Check {
  readonly sql: string
  line(row: LedgerFinding): string
}

/** In the common subset of the engines. */
export const LEDGER_CHECKS: readonly Check[] = [
  {
    sql: 'SELECT key AS name, sum(amount) AS a, 0 AS b FROM posting GROUP BY key HAVING sum(amount) <> 0',
    line: ({ name, a }) => `the postings of ${name} sum to ${a} nano-dollars, not to zero`,
  },
  {
    sql: `WITH summed AS (SELECT account, sum(amount) AS amount FROM posting GROUP BY account)
      SELECT id AS name, balance AS a, coalesce(summed.amount, 0) AS b FROM account LEFT JOIN summed ON summed.account = id
      WHERE balance <> coalesce(summed.amount, 0)`,
    line: ({ name, a, b }) => `account ${name} shows ${a} nano-dollars, its postings sum to ${b}`,
  },
  {
    sql: "SELECT id AS name, balance AS a, 0 AS b FROM account WHERE mode = 'prepaid' AND balance < 0",
    line: ({ name, a }) => `account ${name} is prepaid and stands at ${a} nano-dollars`,
  },
  {
    sql: 'SELECT id AS name, amount AS a, 0 AS b FROM hold WHERE account NOT IN (SELECT id FROM account)',
    line: ({ name }) => `the hold ${name} belongs to no account`,
  },
  {
    sql: 'SELECT key AS name, amount AS a, 0 AS b FROM journal WHERE account NOT IN (SELECT id FROM account)',
    line: ({ name }) => `the transaction ${name} belongs to no account`,
  },
  {
    sql: 'SELECT hold.id AS name, hold.amount AS a, 0 AS b FROM hold JOIN journal ON journal.key = hold.id',
    line: ({ name }) => `${name} is settled and still held`,
  },
  {
    sql: 'SELECT key AS name, shortfall AS a, upstream_cost AS b FROM journal WHERE shortfall < 0 OR upstream_cost < 0',
    line: ({ name, a, b }) => `the transaction ${name} has a shortfall of ${a} and an upstream cost of ${b}`,
  },
]

/** The statement of a check, at most so many findings. */
export const limited = ({ sql }: Check): string => `${sql} LIMIT ${LINES}`

export function ledgerProblems(database: SqliteEngine['database']): string[] {
  const read = database.transaction(() => LEDGER_CHECKS.flatMap(({ sql, line }) => database.query<LedgerFinding, []>(sql).all().map(line)))
  return read.deferred()
}
