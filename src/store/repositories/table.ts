// The statements that every operator's table needs: read by id, list by page, insert, and edit by compare-and-swap.
// Names come from the declaration only; values are always parameters. What a table needs beyond this it prepares itself.

import { type Bound, type Engine, expecting, type Statement, type Value } from '../engine.ts'
import type { Edited } from '../operator-rows.ts'

/** How a member is kept: `flag` is 0 or 1, `json` is text. */
export type Kind = 'text' | 'integer' | 'flag' | 'json'

type Stored = Record<string, Value>
export type Filter<Row> = { readonly [K in keyof Row]?: Row[K] | readonly Row[K][] | undefined }

export interface Page<Row> {
  readonly where?: Filter<Row>
  /** Rows before this id only: ids are time-ordered, the newest comes first. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface Table<Row extends Edited> {
  byId(id: string): Promise<Row | undefined>
  /** The first row with these values. */
  find(where: Filter<Row>): Promise<Row | undefined>
  /** Newest first. */
  list(page: Page<Row>): Promise<Row[]>
  /** All rows, oldest first: for tables that an operator fills by hand. */
  all(where?: Filter<Row>): Promise<Row[]>
  count(where?: Filter<Row>): Promise<number>
  insert(row: Row): Bound
  /** Sets members and raises the version, provided that the row still has the version it was read with. */
  update(row: Pick<Row, 'id' | 'version'>, changes: Partial<Row>): Bound
  remove(row: Pick<Row, 'id' | 'version'>): Bound
}

/** @param fields every member with its kind; its column is the member's name in snake case. */
export function table<Row extends Edited>(engine: Engine, name: string, fields: Readonly<Record<keyof Row & string, Kind>>): Table<Row> {
  const members = Object.keys(fields) as (keyof Row & string)[]
  const columns = members.map((member) => column(member))
  const quoted = `"${name}"`
  const statements = new Map<string, Statement<Stored>>()

  function statement(sql: string): Statement<Stored> {
    let known = statements.get(sql)
    if (known === undefined) {
      known = engine.prepare<Stored>(sql)
      statements.set(sql, known)
    }
    return known
  }

  function decode(stored: Stored): Row {
    const row: Record<string, unknown> = {}
    for (const member of members) row[member] = decodeValue(stored[column(member)] ?? null, fields[member])
    return row as unknown as Row
  }

  /** `WHERE …` with its parameters; a list matches any of its values. */
  function condition(
    where: Filter<Row>,
    extra: readonly { sql: (slot: string) => string; value: Value }[] = [],
  ): { sql: string; params: Value[] } {
    const params: Value[] = []
    const terms: string[] = []
    for (const member of members) {
      const wanted = where[member]
      if (wanted === undefined) continue
      if (wanted === null) terms.push(`${column(member)} IS NULL`)
      else if (Array.isArray(wanted)) {
        const slots = (wanted as readonly unknown[]).map((value) => `?${params.push(encodeValue(value, fields[member]))}`)
        terms.push(slots.length === 0 ? '1 = 0' : `${column(member)} IN (${slots.join(', ')})`)
      } else terms.push(`${column(member)} = ?${params.push(encodeValue(wanted, fields[member]))}`)
    }
    for (const { sql, value } of extra) terms.push(sql(`?${params.push(value)}`))
    return { sql: terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`, params }
  }

  const select = `SELECT ${columns.join(', ')} FROM ${quoted}`
  const insertSql = `INSERT INTO ${quoted} (${columns.join(', ')}) VALUES (${columns.map((_, index) => `?${index + 1}`).join(', ')})`

  return {
    async byId(id) {
      const stored = await statement(`${select} WHERE id = ?1`).get(id)
      return stored === undefined ? undefined : decode(stored)
    },
    async find(where) {
      const { sql, params } = condition(where)
      const stored = await statement(`${select}${sql} ORDER BY id LIMIT 1`).get(...params)
      return stored === undefined ? undefined : decode(stored)
    },
    async list({ where = {}, after, limit }) {
      const { sql, params } = condition(where, after === undefined ? [] : [{ sql: (slot) => `id < ${slot}`, value: after }])
      const stored = await statement(`${select}${sql} ORDER BY id DESC LIMIT ?${params.push(limit)}`).all(...params)
      return stored.map(decode)
    },
    async all(where = {}) {
      const { sql, params } = condition(where)
      return (await statement(`${select}${sql} ORDER BY id`).all(...params)).map(decode)
    },
    async count(where = {}) {
      const { sql, params } = condition(where)
      return Number((await statement(`SELECT count(*) AS count FROM ${quoted}${sql}`).get(...params))?.count ?? 0)
    },
    insert: (row) => expecting(statement(insertSql).bind(...members.map((member) => encodeValue(row[member], fields[member]))), 1),
    update(row, changes) {
      const params: Value[] = []
      const sets: string[] = []
      for (const member of members) {
        if (!(member in changes) || member === 'id' || member === 'version') continue
        sets.push(`${column(member)} = ?${params.push(encodeValue(changes[member], fields[member]))}`)
      }
      const id = params.push(row.id)
      const version = params.push(row.version)
      const sql = `UPDATE ${quoted} SET ${[...sets, 'version = version + 1'].join(', ')} WHERE id = ?${id} AND version = ?${version}`
      return expecting(statement(sql).bind(...params), 1)
    },
    remove: ({ id, version }) => expecting(statement(`DELETE FROM ${quoted} WHERE id = ?1 AND version = ?2`).bind(id, version), 1),
  }
}

const column = (member: string): string => member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function encodeValue(value: unknown, kind: Kind): Value {
  if (value === null || value === undefined) return null
  if (kind === 'json') return JSON.stringify(value)
  return kind === 'flag' ? Number(value) : (value as Value)
}

function decodeValue(value: Value, kind: Kind): unknown {
  if (value === null) return null
  if (kind === 'json') return JSON.parse(String(value))
  return kind === 'flag' ? value === 1 : value
}
