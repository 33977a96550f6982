// The admin room's one entry: finds the address, learns who acts, checks the role and the input, and answers. What a
// resource does stands in `resources/`.

import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject, parseJson } from '../lib/json.ts'
import { type Actor, actorOf, denied, mayAnywhere } from './actor.ts'
import { errorReply, parsed } from './failure.ts'
import type { AdminRequest, Reply } from './message.ts'
import { openApi } from './openapi.ts'
import type { AdminParts } from './parts.ts'
import { auditRoutes } from './resources/audit.ts'
import { budgetRoutes } from './resources/budgets.ts'
import { channelRoutes } from './resources/channels.ts'
import { explainRoutes } from './resources/explain.ts'
import { groupRoutes } from './resources/groups.ts'
import { keyRoutes } from './resources/keys.ts'
import { ledgerRoutes } from './resources/ledger.ts'
import { memberRoutes } from './resources/members.ts'
import { aliasRoutes, modelLimitRoutes } from './resources/models.ts'
import { organisationRoutes } from './resources/organisations.ts'
import { priceRoutes } from './resources/prices.ts'
import { projectRoutes } from './resources/projects.ts'
import { redeemCodeRoutes } from './resources/redeem-codes.ts'
import { requestRoutes } from './resources/requests.ts'
import { searchBackendRoutes } from './resources/search-backends.ts'
import { sessionRoutes } from './resources/session.ts'
import { transferRoutes } from './resources/transfer.ts'
import { userRoutes } from './resources/users.ts'
import { openRoute, type Route } from './route.ts'

export interface Admin {
  /** Never rejects. */
  answer(request: AdminRequest): Promise<Reply>
}

const MAX_BODY_BYTES = 1024 * 1024

/** Every address of the admin API. */
export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...organisationRoutes,
  ...projectRoutes,
  ...userRoutes,
  ...memberRoutes,
  ...groupRoutes,
  ...keyRoutes,
  ...budgetRoutes,
  ...channelRoutes,
  ...aliasRoutes,
  ...modelLimitRoutes,
  ...priceRoutes,
  ...searchBackendRoutes,
  ...redeemCodeRoutes,
  ...ledgerRoutes,
  ...requestRoutes,
  ...auditRoutes,
  ...explainRoutes,
  ...transferRoutes,
  openRoute({
    tag: 'about',
    method: 'GET',
    path: '/admin/openapi.json',
    summary: 'This description.',
    run: async () => ({ body: openApi(ROUTES) }),
  }),
]

export function createAdmin(parts: AdminParts): Admin {
  return {
    async answer(request) {
      try {
        return await served(request, parts)
      } catch (thrown) {
        const error = GatewayError.from(thrown)
        if (error.code === 'internal') {
          const { cause } = error
          parts.log('error', 'an admin request failed', {
            request: request.requestId,
            path: request.path,
            cause: cause instanceof Error ? cause.stack : cause,
          })
        }
        return errorReply(error, request.requestId)
      }
    },
  }
}

async function served(request: AdminRequest, parts: AdminParts): Promise<Reply> {
  const found = routeAt(request)
  const { route } = found
  const actor = route.needs === 'open' ? undefined : await allowedActor(route, request, parts)
  const query = route.query === undefined ? {} : parsed(route.query, Object.fromEntries(request.query))
  const body = route.body === undefined ? {} : parsed(route.body, await bodyOf(route, request))
  return route.run(
    { parts, request, actor, nowMs: parts.nowMs(), ids: found.ids },
    { query: query as JsonObject, body: body as JsonObject },
  )
}

async function allowedActor(route: Route, request: AdminRequest, parts: AdminParts): Promise<Actor> {
  const actor = await actorOf(request, parts)
  if (actor.roles.size === 0 && route.needs !== 'signed-in') throw denied()
  if (typeof route.needs === 'object' && !mayAnywhere(actor, route.needs)) throw denied()
  return actor
}

/** @throws GatewayError 404, or 405 where only the method is wrong. */
export function routeAt({ method, path }: Pick<AdminRequest, 'method' | 'path'>): { route: Route; ids: Record<string, string> } {
  const wanted = method === 'HEAD' ? 'GET' : method
  const words = path.split('/')
  const allowed = new Set<string>()
  for (const route of ROUTES) {
    const ids = matched(route.path.split('/'), words)
    if (ids === undefined) continue
    if (route.method === wanted) return { route, ids }
    allowed.add(route.method)
  }
  if (allowed.size === 0) throw new GatewayError('not_found')
  const allow = [...allowed].join(', ')
  throw new GatewayError('method_not_allowed', { message: `Use ${allow}.`, allow })
}

function matched(pattern: readonly string[], words: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== words.length) return undefined
  const ids: Record<string, string> = {}
  for (let at = 0; at < pattern.length; at++) {
    const expected = pattern[at] as string
    const word = words[at] as string
    if (!expected.startsWith('{')) {
      if (expected !== word) return undefined
    } else if (!/^[A-Za-z0-9_:.-]{1,100}$/.test(word)) return undefined
    else ids[expected.slice(1, -1)] = word
  }
  return ids
}

async function bodyOf(route: Route, request: AdminRequest): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const text = await request.text(route.maxBodyBytes ?? MAX_BODY_BYTES)
  if (route.textBody === true && type !== 'application/json') return { text }
  // A form of another site cannot say that it sends JSON: only scripts of our own can.
  if (text !== '' && type !== 'application/json' && !type.endsWith('+json'))
    throw new GatewayError('unsupported_media_type', { message: 'Send the body as application/json.' })
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new GatewayError('malformed_json', {}, cause)
  }
  if (!isObject(value)) throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' })
  return value
}
