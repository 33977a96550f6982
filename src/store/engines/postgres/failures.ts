// What PostgreSQL's failures mean to us. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html

import { ConflictError, StoreDownError } from '../../engine.ts'

interface Codes {
  /** Of Bun's client. */
  readonly code: string
  /** SQLSTATE; empty when the server said nothing. */
  readonly state: string
}

function codesOf(cause: unknown): Codes {
  if (!(cause instanceof Error)) return { code: '', state: '' }
  const { code, errno } = cause as Error & { code?: unknown; errno?: unknown }
  return { code: typeof code === 'string' ? code : '', state: typeof errno === 'string' ? errno : '' }
}

// Serialization failure, deadlock: the server undid the unit. A cached plan that no longer fits: nothing ran.
const AGAIN = new Set(['40001', '40P01'])
const STALE_PLAN = '0A000'

/** Whether the unit was certainly not written, and may be written by trying again. */
export function isAgain(cause: unknown): boolean {
  const { state } = codesOf(cause)
  return AGAIN.has(state) || (state === STALE_PLAN && cause instanceof Error && cause.message.includes('cached plan'))
}

// Connection exceptions, too few resources, shutting down or starting up, cancelled by a timeout, lock not had in time, and
// a server that became a standby.
const DOWN_STATE = /^(?:08|53|57P0|57014|55P03|25006)/
const DOWN_CODE = /^ERR_POSTGRES_(?:CONNECTION_|IDLE_TIMEOUT|LIFETIME_TIMEOUT|QUERY_CANCELLED)/

export const isDown = (cause: unknown): boolean => {
  const { code, state } = codesOf(cause)
  return state === '' ? DOWN_CODE.test(code) : DOWN_STATE.test(state)
}

// A unique value that exists already; a row that another one points at, and is not there or cannot go.
const CONFLICTS = new Set(['23505', '23503'])

/** The same failure in the words of the store; what is a defect of ours stays what it is. */
export function translated(cause: unknown): unknown {
  if (cause instanceof ConflictError || cause instanceof StoreDownError) return cause
  if (CONFLICTS.has(codesOf(cause).state)) return new ConflictError(cause)
  return isDown(cause) || isAgain(cause) ? new StoreDownError(cause) : cause
}
