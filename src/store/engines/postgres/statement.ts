// The common subset in PostgreSQL's words: numbered parameters, and integers as numbers.

import type { Bound, Statement, Value } from '../../engine.ts'
import { checkParams } from '../values.ts'

/** A result of the client, rows with the types of their columns. */
export interface Result {
  readonly count: number
  readonly affectedRows: number
  readonly columns: readonly { readonly name: string; readonly type: number }[] | null
  readonly length: number
}

export type Ask = (sql: string, params: readonly unknown[]) => Promise<Result & Record<string, unknown>[]>

// Type ids that arrive as text: int8, and numeric, which `sum` of int8 gives.
const INT8 = 20
const NUMERIC = 1700

export class PostgresStatement<Row> implements Statement<Row> {
  readonly #ask: Ask
  readonly #count: number
  readonly sql: string

  constructor(ask: Ask, sql: string) {
    const { text, count } = numbered(sql)
    this.#ask = ask
    this.#count = count
    this.sql = text
  }

  async all(...params: readonly Value[]): Promise<Row[]> {
    return rowsOf<Row>(await this.#ask(this.sql, this.checked(params)))
  }

  async get(...params: readonly Value[]): Promise<Row | undefined> {
    return rowsOf<Row>(await this.#ask(this.sql, this.checked(params)))[0]
  }

  bind(...params: readonly Value[]): Bound {
    return { statement: this, params: this.checked(params) }
  }

  private checked(params: readonly Value[]): readonly Value[] {
    checkParams(params, this.#count)
    return params.some((value) => typeof value === 'string' && value.includes('\0')) ? params.map(withoutNul) : params
  }
}

/** PostgreSQL's text cannot hold a NUL; a client may send one wherever it may send text. */
const withoutNul = (value: Value): Value => (typeof value === 'string' ? cleanText(value) : value)
export const cleanText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text)

/** `?1` becomes `$1`, but in quoted text and in comments. */
export function numbered(sql: string): { text: string; count: number } {
  let count = 0
  const text = sql.replace(/'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\?(\d*)/g, (whole: string, number: string | undefined) => {
    if (number === undefined) return whole
    if (number === '') throw new TypeError('parameters are numbered: ?1, ?2')
    count = Math.max(count, Number(number))
    return `$${number}`
  })
  return { text, count }
}

/** The rows with their integers as numbers. @throws RangeError for one that is too large to be exact. */
export function rowsOf<Row>(result: Result & Record<string, unknown>[]): Row[] {
  const wide = (result.columns ?? []).filter(({ type }) => type === INT8 || type === NUMERIC).map(({ name }) => name)
  const rows: Record<string, unknown>[] = Array.from(result)
  for (const name of wide) for (const row of rows) row[name] = row[name] === null ? null : numberOf(row[name])
  return rows as Row[]
}

function numberOf(text: unknown): number {
  const value = Number(text)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new RangeError('an integer is too large to be exact')
  return value
}
