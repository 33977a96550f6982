// What an address of the admin API is: a declaration from which it is served, checked, documented and tested.

import type { z } from 'zod'
import type { Act, Area } from '../access/index.ts'
import type { JsonObject } from '../lib/json.ts'
import type { Actor } from './actor.ts'
import type { AdminRequest, Method, Reply } from './message.ts'
import type { AdminParts } from './parts.ts'

/** What a handler works with. */
export interface Context {
  readonly parts: AdminParts
  readonly request: AdminRequest
  /** Who does it. @throws nothing: on open addresses nobody may be there. */
  readonly actor: Actor | undefined
  readonly nowMs: number
  /** Ids of the path, by name. */
  readonly ids: Readonly<Record<string, string>>
}

/** As `Context`, where somebody must be signed in. */
export interface ActedContext extends Context {
  readonly actor: Actor
}

export interface Route {
  readonly method: Method
  /** `{name}` stands for one id. */
  readonly path: string
  readonly summary: string
  readonly tag: string
  /** What the actor must be allowed to do somewhere; whose thing it is the handler checks. `open`: nobody need be signed in. */
  readonly needs: { readonly area: Area; readonly act: Act } | 'signed-in' | 'open'
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** The body comes as text of any of these types, beside JSON. */
  readonly textBody?: boolean
  readonly maxBodyBytes?: number
  readonly shown?: z.ZodType
  /** Of the answer when all went well. */
  readonly status: number
  run(context: Context, input: { readonly query: JsonObject; readonly body: JsonObject }): Promise<Reply>
}

interface Declared<Query, Body> extends Omit<Route, 'run' | 'query' | 'body' | 'needs' | 'status'> {
  readonly needs: { readonly area: Area; readonly act: Act } | 'signed-in'
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly status?: number
  run(context: ActedContext, input: { readonly query: Query; readonly body: Body }): Promise<Reply>
}

/** Declares an address at which somebody must be signed in; its handler gets what the schemas made of the input. */
export function route<Query = JsonObject, Body = JsonObject>(declared: Declared<Query, Body>): Route {
  return { ...declared, status: declared.status ?? 200 } as unknown as Route
}

/** Declares an address that is open to whoever is there. */
export function openRoute<Body = JsonObject>(
  declared: Omit<Declared<JsonObject, Body>, 'needs' | 'run'> & { run(context: Context, input: { readonly body: Body }): Promise<Reply> },
): Route {
  return { ...declared, needs: 'open', status: declared.status ?? 200 } as unknown as Route
}
