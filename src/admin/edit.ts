// Every write of the admin API goes through here: rows, their audit entry and the notices to other processes are one unit.

import { GatewayError } from '../core/errors.ts'
import { prefixedId } from '../lib/ids.ts'
import type { Bound } from '../store/index.ts'
import type { Actor } from './actor.ts'
import { conflict } from './failure.ts'
import type { Context } from './route.ts'

export interface Edit {
  /** `key.create`, `channel.update`, …: the resource in the singular, then what was done. */
  readonly action: string
  readonly resource: string
  readonly id: string
  /** Whose affair it is; `null`: the whole installation's. */
  readonly organisationId: string | null
  /** As it is shown, before and after: absent where there was or is nothing. */
  readonly before?: object
  readonly after?: object
  readonly statements: readonly Bound[]
  /** Keys whose callers change, by hash; `all` for every key. */
  readonly forget?: readonly string[] | 'all'
}

/** Who is written down as having acted. */
export type Doer = Pick<Actor, 'kind' | 'id' | 'name'> | { readonly kind: 'system'; readonly id: string; readonly name: string }

/** The audit entry of an edit, for units that are written elsewhere. */
export function auditOf(context: Context, edit: Omit<Edit, 'statements' | 'forget'>, doer: Doer): Bound {
  const { before, after } = changed(edit.before, edit.after)
  return context.parts.store.audit.insert({
    id: prefixedId('aud', context.nowMs),
    atMs: context.nowMs,
    actorKind: doer.kind,
    actorId: doer.id,
    actorName: doer.name,
    organisationId: edit.organisationId,
    action: edit.action,
    resource: edit.resource,
    resourceId: edit.id,
    address: context.request.address() ?? null,
    requestId: context.request.requestId,
    before: before === undefined ? null : JSON.stringify(before),
    after: after === undefined ? null : JSON.stringify(after),
  })
}

/** @throws GatewayError 409 when a row is no longer as it was read. */
export async function commit(context: Context, edit: Edit, doer: Doer | undefined = context.actor): Promise<void> {
  if (doer === undefined) throw new TypeError('an edit needs somebody who makes it')
  const { store } = context.parts
  const forget = edit.forget === undefined ? [] : edit.forget === 'all' ? ['*'] : edit.forget
  try {
    await store.write([...edit.statements, auditOf(context, edit, doer), ...forget.map((hash) => store.notice('access', hash))])
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'conflict')
      throw conflict('Somebody else changed it meanwhile, or something of this name exists. Read it again.')
    throw thrown
  }
}

const ALWAYS = new Set(['updated_at', 'version'])

/** Of a change only the members that changed; of anything else all of it. */
function changed(before: object | undefined, after: object | undefined): { before: object | undefined; after: object | undefined } {
  if (before === undefined || after === undefined) return { before, after }
  const was = Object.entries(before)
  const is = new Map(Object.entries(after))
  const differing = new Set(was.filter(([member, value]) => !ALWAYS.has(member) && !same(value, is.get(member))).map(([member]) => member))
  for (const member of is.keys()) if (!(member in before)) differing.add(member)
  const only = (members: Iterable<[string, unknown]>): object =>
    Object.fromEntries([...members].filter(([member]) => differing.has(member)))
  return { before: only(was), after: only(is) }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
