// Function names: the client's and Gemini's, one to one within a request. Gemini wants a letter or
// underscore first, then [A-Za-z0-9_.:-], at most 128 in all; other names are rewritten deterministically.

import type { ChatRequest } from '../../../core/chat.ts'

const LEGAL = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/

export interface NameMap {
  toWire(name: string): string
  toClient(name: string): string
  /** The client declared it as a free-text tool. */
  isCustom(clientName: string): boolean
}

const maps = new WeakMap<ChatRequest, NameMap>()

/** The map of one request: the same for its encoding and for reading its answer. */
export function namesOf(request: ChatRequest): NameMap {
  let map = maps.get(request)
  if (map === undefined) {
    map = buildMap(request)
    maps.set(request, map)
  }
  return map
}

function buildMap(request: ChatRequest): NameMap {
  const wire = new Map<string, string>()
  const client = new Map<string, string>()
  const custom = new Set<string>()
  const names = new Set<string>()
  for (const tool of request.tools) {
    if (tool.type === 'server') continue
    names.add(tool.name)
    if (tool.type === 'custom') custom.add(tool.name)
  }
  for (const message of request.messages) for (const block of message.content) if (block.type === 'tool-call') names.add(block.name)
  // Legal names first, so that a rewritten one never takes a name that somebody really has.
  for (const name of names) if (LEGAL.test(name)) claim(name, name)
  for (const name of names) if (!LEGAL.test(name)) claim(name, legalName(name))

  function claim(name: string, wanted: string): void {
    let free = wanted
    for (let salt = 0; client.has(free); salt++) free = `${wanted.slice(0, 118)}_${shortHash(`${name}#${salt}`)}`
    wire.set(name, free)
    client.set(free, name)
  }

  return {
    toWire: (name) => wire.get(name) ?? (LEGAL.test(name) ? name : legalName(name)),
    toClient: (name) => client.get(name) ?? withoutNamespace(name, client) ?? name,
    isCustom: (name) => custom.has(name),
  }
}

/** Models sometimes call `default_api.name` or `default_api:name`, the namespace of their own tool code. */
function withoutNamespace(name: string, client: ReadonlyMap<string, string>): string | undefined {
  return name.startsWith('default_api') ? client.get(name.slice('default_api'.length + 1)) : undefined
}

function legalName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_.:-]/g, '_')
  const started = /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`
  return started.length <= 128 ? started : `${started.slice(0, 118)}_${shortHash(name)}`
}

/** FNV-1a in base 36: only has to be stable and well spread. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36).padStart(7, '0')
}
