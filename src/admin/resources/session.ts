// Sign-in for the console: the first owner by a token of the start-up line, then passwords and sessions in a cookie that
// no script can read and no other site can send.

import { z } from 'zod'
import { normalEmail, type SignedIn } from '../../access/index.ts'
import { GatewayError } from '../../core/errors.ts'
import { prefixedId, secretText } from '../../lib/ids.ts'
import { sha256Hex } from '../../lib/platform/runtime.ts'
import { type Bound, OPERATOR_ORGANISATION, type OperatorStore, type UserRow } from '../../store/index.ts'
import { type Actor, refuseForged, SESSION_COOKIE } from '../actor.ts'
import { session } from '../contract.ts'
import { commit, type Doer } from '../edit.ts'
import { conflict, faulty } from '../failure.ts'
import type { Reply } from '../message.ts'
import { type Context, openRoute, type Route, route } from '../route.ts'
import { timeText } from '../shown.ts'

const tag = 'session'
const SETUP_TOKEN = 'setup-token'

/** Whether somebody who may do everything can sign in. */
async function hasOwner({ members, users }: Pick<OperatorStore, 'members' | 'users'>): Promise<boolean> {
  for (const { userId } of await members.all({ organisationId: OPERATOR_ORGANISATION, role: 'owner' })) {
    const user = await users.byId(userId)
    if (user !== undefined && user.passwordHash !== null && user.disabledMs === null) return true
  }
  return false
}

/** A fresh token for the start-up line, good once; `undefined` when there is an owner already. The one before it ends. */
export async function setupToken(store: OperatorStore, nowMs: number): Promise<string | undefined> {
  if (await hasOwner(store)) return undefined
  const token = secretText(32)
  await store.write([store.settings.put(SETUP_TOKEN, sha256Hex(token), nowMs)])
  return token
}

const setupState = openRoute({
  tag,
  method: 'GET',
  path: '/admin/setup',
  summary: 'Whether the first owner is still to be made.',
  shown: z.object({ needed: z.boolean() }),
  run: async ({ parts }) => ({ body: { needed: !(await hasOwner(parts.store)) } }),
})

const setup = openRoute<z.infer<typeof session.setup>>({
  tag,
  method: 'POST',
  path: '/admin/setup',
  summary: 'Makes the first owner with the token of the start-up line, and signs in.',
  body: session.setup,
  shown: session.shown,
  status: 201,
  async run(context, { body }) {
    refuseForged(context.request)
    const { store, signIn } = context.parts
    const expected = await store.settings.get(SETUP_TOKEN)
    if (expected === undefined || sha256Hex(body.token) !== expected)
      throw new GatewayError('permission_denied', {
        message: 'The set-up token is not valid. The start prints a fresh one while there is no owner.',
      })
    if (await hasOwner(store)) throw conflict('There is an owner already.')
    const email = normalEmail(body.email)
    if ((await store.users.find({ email })) !== undefined) throw conflict('There is a user with this e-mail address already.')
    const { nowMs } = context
    const edited = { createdMs: nowMs, updatedMs: nowMs, version: 1 }
    const user: UserRow = {
      ...edited,
      id: prefixedId('usr', nowMs),
      email,
      name: body.name,
      passwordHash: await signIn.hash(body.password),
      requestsPerMinute: null,
      tokensPerMinute: null,
      concurrency: null,
      disabledMs: null,
    }
    const member = {
      ...edited,
      id: prefixedId('mem', nowMs),
      userId: user.id,
      organisationId: OPERATOR_ORGANISATION,
      role: 'owner' as const,
    }
    const { signedIn, statements } = signIn.open(user, from(context))
    await commit(
      context,
      {
        action: 'session.setup',
        resource: 'user',
        id: user.id,
        organisationId: OPERATOR_ORGANISATION,
        after: { email, name: body.name, role: 'owner' },
        statements: [store.settings.take(SETUP_TOKEN, expected), store.users.insert(user), store.members.insert(member), ...statements],
      },
      doerOf(user),
    )
    return entered(context, signedIn, 201)
  },
})

const begin = openRoute<z.infer<typeof session.signIn>>({
  tag,
  method: 'POST',
  path: '/admin/session',
  summary: 'Signs in.',
  body: session.signIn,
  shown: session.shown,
  async run(context, { body }) {
    refuseForged(context.request)
    const { signedIn, statements } = await context.parts.signIn.begin({ ...body, ...from(context) })
    await note(context, { action: 'session.begin', user: signedIn.user, statements })
    return entered(context, signedIn, 200)
  },
})

const state = route({
  tag,
  method: 'GET',
  path: '/admin/session',
  summary: 'Who is signed in, or whose key it is.',
  needs: 'signed-in',
  shown: session.shown,
  run: async ({ actor }) => ({ body: actorJson(actor) }),
})

const end = route({
  tag,
  method: 'DELETE',
  path: '/admin/session',
  summary: 'Signs out.',
  needs: 'signed-in',
  status: 204,
  async run(context) {
    const { actor, parts } = context
    if (actor.session === undefined || actor.user === undefined) throw faulty('session', 'a key is not signed in')
    await note(context, { action: 'session.end', user: actor.user, statements: [parts.store.sessions.remove(actor.session.id)] })
    return { status: 204, headers: { 'set-cookie': cookieOf(context, '', 0) } }
  },
})

const password = route<never, z.infer<typeof session.password>>({
  tag,
  method: 'PUT',
  path: '/admin/session/password',
  summary: 'Changes the own password and ends all other sessions.',
  needs: 'signed-in',
  body: session.password,
  status: 204,
  async run(context, { body }) {
    const { actor, parts } = context
    if (actor.session === undefined || actor.user === undefined) throw faulty('session', 'a key has no password')
    await parts.signIn.confirm(actor.user, body.current)
    const changes = { passwordHash: await parts.signIn.hash(body.new), updatedMs: context.nowMs }
    const { users, sessions } = parts.store
    await note(context, {
      action: 'session.password',
      user: actor.user,
      statements: [users.update(actor.user, changes), sessions.removeOthers(actor.user.id, actor.session.id)],
    })
    return { status: 204 }
  },
})

const doerOf = (user: UserRow): Doer => ({ kind: 'user', id: user.id, name: user.email })

const from = ({ request }: Context): { address: string | undefined; agent: string | null } => ({
  address: request.address(),
  agent: request.headers.get('user-agent'),
})

function note(
  context: Context,
  { action, user, statements }: { action: string; user: UserRow; statements: readonly Bound[] },
): Promise<void> {
  return commit(context, { action, resource: 'user', id: user.id, organisationId: null, statements }, doerOf(user))
}

async function entered(context: Context, { user, token, session: opened }: SignedIn, status: number): Promise<Reply> {
  const members = await context.parts.store.members.all({ userId: user.id })
  const roles = new Map(members.map(({ organisationId, role }) => [organisationId, role]))
  const lifetimeS = Math.round((opened.expiresMs - opened.createdMs) / 1000)
  return {
    status,
    body: actorJson({ kind: 'user', id: user.id, name: user.email, roles, user, session: opened }),
    headers: { 'set-cookie': cookieOf(context, token, lifetimeS) },
  }
}

const cookieOf = ({ request }: Context, token: string, lifetimeS: number): string =>
  `${SESSION_COOKIE}=${token}; Path=/admin; HttpOnly; SameSite=Strict; Max-Age=${lifetimeS}${request.secure ? '; Secure' : ''}`

function actorJson(actor: Actor) {
  return {
    kind: actor.kind,
    id: actor.id,
    name: actor.user?.name ?? actor.name,
    email: actor.user?.email ?? null,
    roles: [...actor.roles].map(([organisation_id, role]) => ({ organisation_id, role })),
    expires_at: actor.session === undefined ? null : timeText(actor.session.expiresMs),
  }
}

export const sessionRoutes: readonly Route[] = [setupState, setup, state, begin, end, password]
