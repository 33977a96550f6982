// What a pending migration will do to a database as large as this one: which tables, for how long, and who waits. Read from
// the text of the migration, so it is an estimate, and a statement it does not know counts as a rewrite.

import type { Migration } from './migration.ts'

export interface Step {
  /** For people: `adds an index to request`. */
  readonly what: string
  /** The table that was there before and is read or changed; absent for what only makes new things. */
  readonly table?: string
  readonly rows: number
  /** Who waits meanwhile; absent: nobody. */
  readonly lock?: string
  readonly milliseconds: number
}

export interface Plan {
  readonly name: string
  readonly steps: readonly Step[]
  readonly milliseconds: number
}

interface Kind {
  readonly pattern: RegExp
  what(table: string): string
  /** PostgreSQL's lock; SQLite locks the whole file for writing. */
  readonly lock?: string
  /** Per row of the table, from measurements on one core, rounded up. */
  readonly microsPerRow: number
}

const NAME = '"?([a-z_]+)"?'
const READERS_WAIT = 'readers and writers wait'
const WRITERS_WAIT = 'writers wait'
const KINDS: readonly Kind[] = [
  {
    pattern: new RegExp(`^create (?:unique )?index \\w+ on ${NAME}`),
    what: (t) => `adds an index to ${t}`,
    lock: WRITERS_WAIT,
    microsPerRow: 5,
  },
  { pattern: new RegExp(`^alter table ${NAME} add column`), what: (t) => `adds a column to ${t}`, lock: READERS_WAIT, microsPerRow: 0 },
  { pattern: new RegExp(`^update ${NAME}`), what: (t) => `updates rows of ${t}`, lock: 'writers of the same rows wait', microsPerRow: 15 },
  {
    pattern: new RegExp(`^delete from ${NAME}`),
    what: (t) => `deletes rows of ${t}`,
    lock: 'writers of the same rows wait',
    microsPerRow: 10,
  },
  { pattern: new RegExp(`^drop (?:table|view) (?:if exists )?${NAME}`), what: (t) => `drops ${t}`, lock: READERS_WAIT, microsPerRow: 0 },
  {
    pattern: new RegExp(`^(?:alter table|cluster|reindex table) ${NAME}`),
    what: (t) => `rewrites ${t}`,
    lock: READERS_WAIT,
    microsPerRow: 20,
  },
  { pattern: new RegExp(`^insert into \\S+.* from ${NAME}`, 's'), what: (t) => `copies rows of ${t}`, microsPerRow: 15 },
]
const MAKES_NEW = /^(?:create|insert into|comment)/
const CREATES_TABLE = new RegExp(`^create (?:virtual )?table (?:if not exists )?${NAME}`)
const STATEMENT_MS = 2

/** @param rowsOf an existing table's size; `undefined` when there is no such table. */
export async function planOf(migrations: readonly Migration[], rowsOf: (table: string) => Promise<number | undefined>): Promise<Plan[]> {
  const created = new Set<string>()
  const plans: Plan[] = []
  for (const { name, sql } of migrations) {
    const steps: Step[] = []
    for (const statement of statementsOf(sql)) {
      const table = CREATES_TABLE.exec(statement)?.[1]
      if (table !== undefined) created.add(table)
      steps.push(await stepOf(statement, async (each) => (created.has(each) ? undefined : rowsOf(each))))
    }
    plans.push({ name, steps: steps.filter(({ table }) => table !== undefined), milliseconds: sum(steps) })
  }
  return plans
}

const sum = (steps: readonly Step[]): number => Math.ceil(steps.reduce((total, { milliseconds }) => total + milliseconds, 0))

async function stepOf(statement: string, rowsOf: (table: string) => Promise<number | undefined>): Promise<Step> {
  for (const { pattern, what, lock, microsPerRow } of KINDS) {
    const table = pattern.exec(statement)?.[1]
    if (table === undefined) continue
    const rows = await rowsOf(table)
    if (rows === undefined) break
    const milliseconds = STATEMENT_MS + (rows * microsPerRow) / 1000
    return { what: what(table), table, rows, ...(lock !== undefined && { lock }), milliseconds }
  }
  if (MAKES_NEW.test(statement)) return { what: 'makes something new', rows: 0, milliseconds: STATEMENT_MS }
  return { what: statement.slice(0, 60), rows: 0, milliseconds: STATEMENT_MS }
}

/** The statements without comments, white space folded, in lower case outside quotes. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = []
  let current = ''
  for (const [piece] of sql.matchAll(/--[^\n]*|\$\$[\s\S]*?\$\$|'(?:[^']|'')*'|"[^"]*"|;|\s+|[^\s;'"$-]+|[$-]/g)) {
    if (piece.startsWith('--')) continue
    if (piece === ';') {
      statements.push(current.trim())
      current = ''
    } else if (/^\s/.test(piece)) current += current.endsWith(' ') ? '' : ' '
    else current += /^['"$]/.test(piece) ? piece : piece.toLowerCase()
  }
  return [...statements, current.trim()].filter((statement) => statement !== '')
}
