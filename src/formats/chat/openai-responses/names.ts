// Names and ids that this wire bounds (64 characters, [A-Za-z0-9_-] for tool names), mapped by pure
// functions so that a call, its result and its declaration always agree.

import { createHash } from 'node:crypto'
import type { ChatRequest, Extensions } from '../../../core/chat.ts'
import { asObject, asString } from '../../../lib/json.ts'
import { FORMAT, MAX_CALL_ID, MAX_NAME } from './wire.ts'

export const shortHash = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length)

const bounded = (clean: string, original: string, limit: number): string => `${clean.slice(0, limit - 11)}_${shortHash(original, 10)}`

/** At most 64 characters; never plain truncation, or two long ids may become one. */
export function wireCallId(id: string): string {
  if (id.length > MAX_CALL_ID) return bounded(id, id, MAX_CALL_ID)
  return id === '' ? 'call_0' : id
}

export function wireName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_-]/g, '_')
  if (clean !== name || clean.length > MAX_NAME || clean === '') return bounded(clean, name, MAX_NAME)
  return name
}

export interface Qualified {
  readonly namespace?: string
  readonly name: string
}

/** The name inside its namespace, for a tool or call that this format's client declared in one. */
export function qualifiedName(item: { readonly name: string; readonly extensions?: Extensions }): Qualified {
  const own = item.extensions?.[FORMAT]
  const namespace = asString(asObject(own?.['namespace'])?.['name'])
  const name = asString(own?.['localName'])
  return namespace === undefined || name === undefined ? { name: item.name } : { namespace, name }
}

/** Flat neutral names of the namespaced tools: how a client's names come back in its answer. */
export function namespacedTools(request: ChatRequest): ReadonlyMap<string, Qualified> {
  const names = new Map<string, Qualified>()
  for (const tool of request.tools) {
    if (tool.type === 'server') continue
    const qualified = qualifiedName(tool)
    if (qualified.namespace !== undefined) names.set(tool.name, qualified)
  }
  return names
}

const keyOf = (name: string, namespace: string | undefined): string => (namespace === undefined ? name : `${namespace}\n${name}`)

/** Wire names (with namespace) back to neutral ones, for the declared tools whose name differs. */
export function neutralNames(request: ChatRequest): (name: string, namespace?: string) => string {
  const names = new Map<string, string>()
  for (const tool of request.tools) {
    if (tool.type === 'server') continue
    const { namespace, name } = qualifiedName(tool)
    const wire = wireName(name)
    if (namespace !== undefined || wire !== tool.name) names.set(keyOf(wire, namespace), tool.name)
  }
  return (name, namespace) => names.get(keyOf(name, namespace)) ?? (namespace === undefined ? name : `${namespace}__${name}`)
}
