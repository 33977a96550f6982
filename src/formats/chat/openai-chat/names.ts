// Tool names and call ids in the alphabet this wire takes: letters, digits, `_` and `-`, at most 64.
// Names are mapped per request and mapped back in its answer; ids are mapped by their text alone, so that
// a call and its result meet again without a table.

import { createHash } from 'node:crypto'
import type { ChatRequest } from '../../../core/chat.ts'

const PLAIN = /^[A-Za-z0-9_-]{1,64}$/

const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length)

/** A text cut to `limit`, made distinct by a hash of the whole; short enough ones stay. */
export const bounded = (text: string, limit: number): string => (text.length <= limit ? text : digest(text, limit))

const hashed = (text: string): string => `${text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 53)}_${digest(text, 10)}`

/** A call id as this wire takes it. The same id always gives the same one. */
export const wireCallId = (id: string): string => (PLAIN.test(id) ? id : hashed(id === '' ? 'call' : id))

export interface ToolNames {
  /** The client's name as sent upstream. */
  toWire(name: string): string
  /** The upstream's name as the client knows it. */
  fromWire(name: string): string
}

const SAME: ToolNames = { toWire: (name) => name, fromWire: (name) => name }

function namesIn(request: ChatRequest): Set<string> {
  const names = new Set<string>()
  for (const tool of request.tools) if (tool.type !== 'server') names.add(tool.name)
  for (const { content } of request.messages) for (const block of content) if (block.type === 'tool-call') names.add(block.name)
  return names
}

/** The mapping of one request, the same whenever it is computed. */
export function toolNames(request: ChatRequest): ToolNames {
  const names = namesIn(request)
  const odd = [...names].filter((name) => !PLAIN.test(name))
  if (odd.length === 0) return SAME
  const out = new Map<string, string>()
  const back = new Map<string, string>()
  for (const name of odd) {
    const plain = name.replace(/[^A-Za-z0-9_-]/g, '_')
    const wire = plain !== '' && plain.length <= 64 && !names.has(plain) && !back.has(plain) ? plain : hashed(name)
    out.set(name, wire)
    back.set(wire, name)
  }
  return { toWire: (name) => out.get(name) ?? name, fromWire: (name) => back.get(name) ?? name }
}
