// Who acts under /admin: the holder of a key with a role, or somebody signed in with a cookie. What they may do depends on
// the role they have in the organisation concerned; the operator's own organisation counts everywhere.

import { type Act, type Area, atLeast, leastRole, operatorOnly, presentedKeys, reaches } from '../access/index.ts'
import { GatewayError } from '../core/errors.ts'
import { OPERATOR_ORGANISATION, type Role, type SessionRow, type UserRow } from '../store/index.ts'
import type { AdminRequest } from './message.ts'
import type { AdminParts } from './parts.ts'

export interface Actor {
  readonly kind: 'user' | 'key'
  readonly id: string
  readonly name: string
  readonly roles: ReadonlyMap<string, Role>
  /** Set for somebody signed in. */
  readonly user?: UserRow
  readonly session?: SessionRow
}

export const SESSION_COOKIE = 'switchyard_session'

/** @throws GatewayError 401 without a good key or session, 403 for a key without a role and for a forged write. */
export async function actorOf(request: AdminRequest, { access, signIn, store }: AdminParts): Promise<Actor> {
  const carrier = { headers: request.headers, query: request.query, address: () => request.address() }
  if (presentedKeys(carrier).length > 0) {
    const caller = await access.resolve(carrier)
    if (caller.role === undefined || caller.mode === 'test')
      throw new GatewayError('permission_denied', { message: 'The API key has no role for administration.' })
    return { kind: 'key', id: caller.keyId, name: caller.name, roles: new Map([[caller.organisationId, caller.role]]) }
  }
  const token = cookie(request.headers.get('cookie'), SESSION_COOKIE)
  if (token === undefined) throw new GatewayError('unauthenticated', { message: 'Sign in, or send a key as Authorization: Bearer.' })
  refuseForged(request)
  const found = await signIn.userOf(token)
  if (found === undefined) throw new GatewayError('unauthenticated', { message: 'The session is over. Sign in again.' })
  const members = await store.members.all({ userId: found.user.id })
  return {
    kind: 'user',
    id: found.user.id,
    name: found.user.email,
    roles: new Map(members.map(({ organisationId, role }) => [organisationId, role])),
    ...found,
  }
}

/** A write that another site makes with our cookie. SameSite keeps such cookies back already; this is the second lock. */
export function refuseForged({ method, headers }: Pick<AdminRequest, 'method' | 'headers'>): void {
  if (method === 'GET' || method === 'HEAD') return
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  const foreign =
    site !== null ? site !== 'same-origin' && site !== 'none' : origin !== null && hostOf(origin) !== headers.get('host')?.toLowerCase()
  if (foreign) throw new GatewayError('permission_denied', { message: 'The request comes from another site.' })
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

export function cookie(header: string | null, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || undefined
  }
  return undefined
}

/** The actor's role where the organisation is concerned; `null`: the whole installation. */
export function roleIn(actor: Actor, organisationId: string | null): Role | undefined {
  const operator = actor.roles.get(OPERATOR_ORGANISATION)
  const own = organisationId === null ? undefined : actor.roles.get(organisationId)
  return own !== undefined && !atLeast(operator, own) ? own : operator
}

/** The organisations whose things the actor may see; `undefined`: all. */
export const visibleTo = (actor: Actor): readonly string[] | undefined =>
  actor.roles.has(OPERATOR_ORGANISATION) ? undefined : [...actor.roles.keys()]

export const sees = (actor: Actor, organisationId: string | null): boolean =>
  actor.roles.has(OPERATOR_ORGANISATION) || (organisationId !== null && actor.roles.has(organisationId))

/** Whether the actor may do this where the organisation is concerned. */
export function may(actor: Actor, need: { readonly area: Area; readonly act: Act }, organisationId: string | null): boolean {
  const role = roleIn(actor, operatorOnly(need.area, need.act) ? null : organisationId)
  return atLeast(role, leastRole(need.area, need.act))
}

/** Whether there is any organisation where the actor may do this. */
export const mayAnywhere = (actor: Actor, need: { readonly area: Area; readonly act: Act }): boolean =>
  [null, ...actor.roles.keys()].some((organisationId) => may(actor, need, organisationId))

/** @throws GatewayError 403 */
export function demand(actor: Actor, need: { readonly area: Area; readonly act: Act }, organisationId: string | null): void {
  if (!may(actor, need, organisationId)) throw denied()
}

/** Nobody gives, changes or takes away what reaches above themselves. @throws GatewayError 403 */
export function demandReach(actor: Actor, organisationId: string | null, role: Role | null): void {
  if (!reaches(roleIn(actor, organisationId), role))
    throw new GatewayError('permission_denied', { message: `Your role does not reach the role \`${role}\`.` })
}

export const denied = (): GatewayError => new GatewayError('permission_denied', { message: 'Your role does not allow this.' })
