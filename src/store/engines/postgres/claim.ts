// Nodes that share limits through Redis may be many; a node without it must be alone on its database. PostgreSQL's advisory
// locks tell: they are held by a connection, and end with the process whatever its end.

import { SQL } from 'bun'

/** Any number, the same in every version. */
const LOCK = 7_394_022
const WAIT_MS = 5_000
const PAUSE_MS = 250
const KEEP_PAUSE_MS = 1_000

export type Claim = 'alone' | 'shared'

/** Another node is there, and one of the two shares nothing; the message is for the operator. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError'
}

/** @returns the way to give the claim back. @throws ClaimError after some seconds, in which a former process may end. */
export async function claimDatabase(url: string, claim: Claim): Promise<() => Promise<void>> {
  const sql = new SQL(url, { max: 1, connectionTimeout: 5, connection: { application_name: 'switchyard-claim' } })
  const ask = claim === 'alone' ? 'SELECT pg_try_advisory_lock($1) AS had' : 'SELECT pg_try_advisory_lock_shared($1) AS had'
  const taken = async (): Promise<boolean> => (await sql.unsafe(ask, [LOCK]))[0]?.had === true
  const untilMs = performance.now() + WAIT_MS
  while (!(await taken())) {
    if (performance.now() > untilMs) {
      await sql.close({ timeout: 1 })
      throw new ClaimError('another node runs on this database: several nodes need REDIS_URL, each of them')
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  // The lock goes with its connection, as when the server starts again: it is taken anew as soon as there is one.
  const held = "SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND pid = pg_backend_pid()"
  const timer = setInterval(() => {
    const again = async (): Promise<void> => {
      if ((await sql.unsafe(held, [LOCK]))[0]?.held === 0) await taken()
    }
    void again().catch(() => {})
  }, KEEP_PAUSE_MS)
  timer.unref?.()
  return async () => {
    clearInterval(timer)
    await sql.close({ timeout: 1 })
  }
}
