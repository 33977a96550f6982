// Sign-in of people: a password, then a session whose cookie is stored as a hash only. Failures are counted by e-mail
// address whether anybody has it or not, so that an answer never tells which addresses exist.

import { GatewayError } from '../core/errors.ts'
import { secretText } from '../lib/ids.ts'
import { hashPassword, PasswordsBusyError, verifyPassword } from '../lib/platform/passwords.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'
import type { Bound, OperatorStore, SessionRow, UserRow } from '../store/index.ts'

export interface SignInRequest {
  readonly email: string
  readonly password: string
  readonly address: string | undefined
  readonly agent: string | null
}

export interface SignedIn {
  readonly user: UserRow
  /** The cookie's value: in clear this once. */
  readonly token: string
  readonly session: SessionRow
}

/** A session that begins when its statements are written. */
export interface Opened {
  readonly signedIn: SignedIn
  readonly statements: readonly Bound[]
}

export interface SignIn {
  /** @throws GatewayError `unauthenticated`, or `rate_limited` while locked out. The caller writes the statements. */
  begin(request: SignInRequest): Promise<Opened>
  /** A session for somebody whose identity is proven otherwise. */
  open(user: UserRow, from: Pick<SignInRequest, 'address' | 'agent'>): Opened
  /** The user of a session that is good. */
  userOf(token: string): Promise<{ user: UserRow; session: SessionRow } | undefined>
  /** @throws GatewayError as `begin` does, when the password is not the user's. */
  confirm(user: UserRow, password: string): Promise<void>
  /** @throws GatewayError 503 when too many passwords are being checked. */
  hash(password: string): Promise<string>
}

const LIFETIME_MS = 7 * 86_400_000
const IDLE_MS = 12 * 3_600_000
const SEEN_EVERY_MS = 5 * 60_000
const FREE_FAILURES = 5
const FIRST_LOCK_MS = 60_000
const MAX_LOCK_MS = 15 * 60_000
const FORGOTTEN_AFTER_MS = 3_600_000

const WRONG = 'The e-mail address or the password is wrong.'

export function createSignIn(store: Pick<OperatorStore, 'sessions' | 'users' | 'write'>, nowMs: () => number): SignIn {
  const { sessions, users, write } = store
  // Checking a password takes as long for an address that nobody has.
  let decoy: Promise<string> | undefined

  async function check(subject: string, hash: string | undefined, password: string): Promise<void> {
    const locked = (await sessions.signIn(subject))?.lockedUntilMs ?? 0
    if (locked > nowMs())
      throw new GatewayError('rate_limited', { message: 'Too many failed sign-ins. Try again later.', retryAfterMs: locked - nowMs() })
    decoy ??= hashPassword(secretText(24))
    // Counted before it is checked, so that parallel guesses count each.
    await write([sessions.fail({ subject, nowMs: nowMs(), forgottenMs: nowMs() - FORGOTTEN_AFTER_MS })])
    const failures = (await sessions.signIn(subject))?.failures ?? 1
    if (failures > FREE_FAILURES) {
      const lockMs = Math.min(MAX_LOCK_MS, FIRST_LOCK_MS * 2 ** Math.min(failures - FREE_FAILURES - 1, 10))
      await write([sessions.lock(subject, nowMs() + lockMs)])
    }
    const right = await guarded(async () => verifyPassword(password, hash ?? (await (decoy as Promise<string>))))
    if (hash === undefined || !right) throw new GatewayError('unauthenticated', { message: WRONG })
    await write([sessions.clearFailures(subject)])
  }

  function open(user: UserRow, { address, agent }: Pick<SignInRequest, 'address' | 'agent'>): Opened {
    const token = secretText(43)
    const now = nowMs()
    const session: SessionRow = {
      id: sha256Hex(token),
      userId: user.id,
      address: address ?? null,
      agent: agent?.slice(0, 300) ?? null,
      createdMs: now,
      seenMs: now,
      expiresMs: now + LIFETIME_MS,
    }
    return { signedIn: { user, token, session }, statements: [sessions.removeExpired(now), sessions.insert(session)] }
  }

  return {
    open,
    async begin(request) {
      const email = normalEmail(request.email)
      const user = await users.find({ email })
      const usable = user !== undefined && user.disabledMs === null
      await check(sha256Hex(email), usable ? (user.passwordHash ?? undefined) : undefined, request.password)
      return open(user as UserRow, request)
    },
    async userOf(token) {
      const session = await sessions.byId(sha256Hex(token))
      const now = nowMs()
      if (session === undefined || session.expiresMs <= now || session.seenMs + IDLE_MS <= now) return undefined
      const user = await users.byId(session.userId)
      if (user === undefined || user.disabledMs !== null) return undefined
      if (session.seenMs + SEEN_EVERY_MS <= now) await write([sessions.seen(session.id, now)])
      return { user, session }
    },
    confirm: (user, password) => check(sha256Hex(user.email), user.passwordHash ?? undefined, password),
    hash: (password) => guarded(() => hashPassword(password)),
  }
}

export const normalEmail = (email: string): string => email.trim().toLowerCase()

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof PasswordsBusyError)
      throw new GatewayError('rate_limited', { message: 'Too many sign-ins at this moment.', retryAfterMs: 1000 }, thrown)
    throw thrown
  }
}
