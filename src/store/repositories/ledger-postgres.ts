// The ledger on PostgreSQL: the same operations as functions over batches, one round trip each. While the server is down a
// hold fails at once, and what ends an exchange is tried for as long as a stream waits with its last frame.

import { StoreDownError } from '../engine.ts'
import { batches } from '../engines/postgres/batches.ts'
import type { PostgresEngine } from '../engines/postgres/postgres.ts'
import type { ChargeRow, JournalRow, LedgerRepository, PartialHoldRow, PostRow, SettleRow } from './ledger.ts'
import { LEDGER_CHECKS, type LedgerFinding, limited } from './ledger-problems.ts'

/** How long the end of an exchange waits for a server that is down. */
const ENDING_LIMIT_MS = 10_000
const ENDING_PAUSE_MS = 100
/** How long a hold is looked for whose admission failed unclearly. It ends by its lease otherwise. */
const STRAY_LIMIT_MS = 60_000
const STRAY_PAUSE_MS = 1_000
const EXPIRED_AT_ONCE = 500

const isOurs = (cause: unknown): boolean => !(cause instanceof StoreDownError)
const column = <Row, Value>(rows: readonly Row[], of: (row: Row) => Value): Value[] => rows.map(of)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Posted extends Omit<PostRow, 'kind'> {
  readonly kind: JournalRow['kind']
  readonly upstreamCost: number
  readonly costs?: string | undefined
}

export function postgresLedger(engine: PostgresEngine): LedgerRepository {
  const hold = batches<PartialHoldRow, number>({ keyOf: ({ id }) => id, isOurs, run: (rows) => runHolds(engine, rows) })
  const settle = batches<SettleRow, true>({ keyOf: ({ id }) => id, isOurs, run: (rows) => runSettles(engine, rows) })
  const release = batches<string, true>({ keyOf: (id) => id, isOurs, run: (ids) => runReleases(engine, ids) })
  const post = batches<Posted, true>({ keyOf: ({ key }) => key, isOurs, run: (rows) => runPosts(engine, rows) })
  const open = engine.prepare('INSERT INTO account (id, mode) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET mode = excluded.mode')
  const balance = engine.prepare<{ balance: number }>('SELECT balance FROM account WHERE id = ?1')
  const entry = engine.prepare<JournalRow>(`
    SELECT key, kind, account, amount, shortfall, upstream_cost AS "upstreamCost", created_ms AS "createdMs", detail
    FROM journal WHERE key = ?1`)
  const strays = strayHolds((id) => release(id))

  async function holdUpTo(row: PartialHoldRow): Promise<number | undefined> {
    strays.forget(row.id)
    try {
      return await hold(row)
    } catch (cause) {
      if (cause instanceof StoreDownError) strays.add(row.id)
      throw cause
    }
  }

  const postOne = (row: Posted): Promise<boolean> =>
    ending(
      () => post(row).then((done) => done === true),
      async () => (await entry.get(row.key)) !== undefined,
    )

  return {
    reachable: engine.up,
    open: async (account, mode) => void (await engine.write([open.bind(account, mode)])),
    hold: async (row) => (await holdUpTo({ ...row, atLeast: row.amount })) !== undefined,
    holdUpTo,
    settle: (row) =>
      ending(
        () => settle(row).then((done) => done === true),
        async () => (await entry.get(row.id))?.kind === 'settle',
      ),
    async charge({ id, charge, ...row }: ChargeRow) {
      await postOne({ ...row, key: id, kind: 'settle', amount: -charge })
    },
    release: (id) =>
      ending(
        () => release(id).then((done) => done === true),
        async () => true,
      ),
    renew: async (ids, leaseMs) => {
      if (ids.length > 0) await engine.call('UPDATE hold SET lease_ms = $2::bigint WHERE id = ANY ($1::text[])', [ids, leaseMs])
    },
    post: (row) => postOne({ ...row, upstreamCost: 0 }),
    async expire(nowMs) {
      let total = 0
      for (;;) {
        const [row] = await engine.call<{ expired: number }>('SELECT ledger_expire($1, $2) AS expired', [nowMs, EXPIRED_AT_ONCE])
        total += row?.expired ?? 0
        if ((row?.expired ?? 0) < EXPIRED_AT_ONCE) return total
      }
    },
    balance: async (account) => (await balance.get(account))?.balance,
    entry: (key) => entry.get(key),
    verify: () => problems(engine),
  }
}

/**
 * Tries `work` while the server is down. It may have succeeded unheard: then a later try finds nothing to do, and
 * `happened` says whether that was why.
 */
async function ending(work: () => Promise<boolean>, happened: () => Promise<boolean>): Promise<boolean> {
  const untilMs = performance.now() + ENDING_LIMIT_MS
  for (let first = true; ; first = false) {
    try {
      return (await work()) || (!first && (await happened()))
    } catch (cause) {
      if (!(cause instanceof StoreDownError) || performance.now() >= untilMs) throw cause
      await pause(ENDING_PAUSE_MS)
    }
  }
}

/** Holds that were refused because the server did not answer, and may stand all the same: nobody else will release them. */
function strayHolds(release: (id: string) => Promise<unknown>): { add(id: string): void; forget(id: string): void } {
  const strays = new Set<string>()
  async function chase(id: string): Promise<void> {
    const untilMs = performance.now() + STRAY_LIMIT_MS
    while (strays.has(id) && performance.now() < untilMs) {
      await pause(STRAY_PAUSE_MS)
      if (!strays.has(id)) return
      const done = await release(id).then(
        () => true,
        () => false,
      )
      if (done) break
    }
    strays.delete(id)
  }
  return {
    add(id) {
      strays.add(id)
      void chase(id)
    },
    forget: (id) => void strays.delete(id),
  }
}

async function runHolds(engine: PostgresEngine, rows: readonly PartialHoldRow[]): Promise<Map<string, number>> {
  const held = await engine.call<{ held_id: string; held_amount: number }>(
    'SELECT held_id, held_amount FROM ledger_hold($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])',
    [
      column(rows, ({ id }) => id),
      column(rows, ({ account }) => account),
      column(rows, ({ atLeast }) => atLeast),
      column(rows, ({ amount }) => amount),
      column(rows, ({ leaseMs }) => leaseMs),
    ],
  )
  return new Map(held.map(({ held_id: id, held_amount: amount }) => [id, amount]))
}

const found = (rows: readonly { id: string }[]): Map<string, true> => new Map(rows.map(({ id }) => [id, true]))

async function runSettles(engine: PostgresEngine, rows: readonly SettleRow[]): Promise<Map<string, true>> {
  return found(
    await engine.call('SELECT ledger_settle($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[]) AS id', [
      column(rows, ({ id }) => id),
      column(rows, ({ charge }) => charge),
      column(rows, ({ upstreamCost }) => upstreamCost),
      column(rows, ({ costs }) => costs ?? ''),
      column(rows, ({ nowMs }) => nowMs),
      column(rows, ({ detail }) => detail),
    ]),
  )
}

async function runReleases(engine: PostgresEngine, ids: readonly string[]): Promise<Map<string, true>> {
  return found(await engine.call('SELECT ledger_release($1::text[]) AS id', [ids]))
}

async function runPosts(engine: PostgresEngine, rows: readonly Posted[]): Promise<Map<string, true>> {
  return found(
    await engine.call(
      'SELECT ledger_post($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::text[]) AS id',
      [
        column(rows, ({ key }) => key),
        column(rows, ({ kind }) => kind),
        column(rows, ({ account }) => account),
        column(rows, ({ amount }) => amount),
        column(rows, ({ upstreamCost }) => upstreamCost),
        column(rows, ({ costs }) => costs ?? ''),
        column(rows, ({ nowMs }) => nowMs),
        column(rows, ({ detail }) => detail),
      ],
    ),
  )
}

async function problems(engine: PostgresEngine): Promise<string[]> {
  // One statement sees one state of the database, whoever writes beside it.
  const checks = LEDGER_CHECKS.map((check, at) => `(SELECT ${at} AS check_id, name, a, b FROM (${limited(check)}) AS c)`)
  const rows = await engine.unhurried<LedgerFinding & { check_id: number }>(checks.join(' UNION ALL '))
  return rows.flatMap((row) => LEDGER_CHECKS[row.check_id]?.line(row) ?? [])
}
