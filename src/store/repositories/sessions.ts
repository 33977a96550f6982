// Console sessions and failed sign-ins. Cookies and e-mail addresses stand here only as hashes.

import type { Bound, Engine } from '../engine.ts'

export interface SessionRow {
  /** SHA-256 of the cookie's value. */
  readonly id: string
  readonly userId: string
  readonly address: string | null
  readonly agent: string | null
  readonly createdMs: number
  readonly seenMs: number
  readonly expiresMs: number
}

export interface SignInRow {
  readonly failures: number
  readonly lockedUntilMs: number
}

export interface SessionRepository {
  byId(id: string): Promise<SessionRow | undefined>
  insert(row: SessionRow): Bound
  seen(id: string, nowMs: number): Bound
  remove(id: string): Bound
  /** Ends every session of the user but one. */
  removeOthers(userId: string, keptId: string): Bound
  removeExpired(nowMs: number): Bound
  signIn(subject: string): Promise<SignInRow | undefined>
  /** Counts one failure; those before `forgottenMs` no longer count. */
  fail(failure: { subject: string; nowMs: number; forgottenMs: number }): Bound
  lock(subject: string, untilMs: number): Bound
  clearFailures(subject: string): Bound
}

interface StoredSession {
  id: string
  user_id: string
  address: string | null
  agent: string | null
  created_ms: number
  seen_ms: number
  expires_ms: number
}

export function sessionRepository(engine: Engine): SessionRepository {
  const find = engine.prepare<StoredSession>(
    'SELECT id, user_id, address, agent, created_ms, seen_ms, expires_ms FROM session WHERE id = ?1',
  )
  const insert = engine.prepare(
    'INSERT INTO session (id, user_id, address, agent, created_ms, seen_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)',
  )
  const seen = engine.prepare('UPDATE session SET seen_ms = ?2 WHERE id = ?1')
  const remove = engine.prepare('DELETE FROM session WHERE id = ?1')
  const removeOthers = engine.prepare('DELETE FROM session WHERE user_id = ?1 AND id <> ?2')
  const removeExpired = engine.prepare('DELETE FROM session WHERE expires_ms <= ?1')
  const signIn = engine.prepare<{ failures: number; locked_until_ms: number }>(
    'SELECT failures, locked_until_ms FROM sign_in WHERE subject = ?1',
  )
  const fail = engine.prepare(`
    INSERT INTO sign_in (subject, failures, failed_ms, locked_until_ms) VALUES (?1, 1, ?2, 0)
    ON CONFLICT (subject) DO UPDATE SET
      failures = CASE WHEN sign_in.failed_ms < ?3 THEN 1 ELSE sign_in.failures + 1 END, failed_ms = ?2`)
  const lock = engine.prepare('UPDATE sign_in SET locked_until_ms = ?2 WHERE subject = ?1')
  const clear = engine.prepare('DELETE FROM sign_in WHERE subject = ?1')
  return {
    async byId(id) {
      const stored = await find.get(id)
      return stored && sessionRow(stored)
    },
    insert: (row) => insert.bind(row.id, row.userId, row.address, row.agent, row.createdMs, row.seenMs, row.expiresMs),
    seen: (id, nowMs) => seen.bind(id, nowMs),
    remove: (id) => remove.bind(id),
    removeOthers: (userId, keptId) => removeOthers.bind(userId, keptId),
    removeExpired: (nowMs) => removeExpired.bind(nowMs),
    async signIn(subject) {
      const stored = await signIn.get(subject)
      return stored && { failures: stored.failures, lockedUntilMs: stored.locked_until_ms }
    },
    fail: ({ subject, nowMs, forgottenMs }) => fail.bind(subject, nowMs, forgottenMs),
    lock: (subject, untilMs) => lock.bind(subject, untilMs),
    clearFailures: (subject) => clear.bind(subject),
  }
}

const sessionRow = (stored: StoredSession): SessionRow => ({
  id: stored.id,
  userId: stored.user_id,
  address: stored.address,
  agent: stored.agent,
  createdMs: stored.created_ms,
  seenMs: stored.seen_ms,
  expiresMs: stored.expires_ms,
})
