// Names and ids at the border. Anthropic takes tool ids of `[A-Za-z0-9_-]+` and tool names of at most 64
// such characters; others' are mapped without randomness, so that identical requests stay identical,
// and names are mapped back in answers.

import { createHash } from 'node:crypto'
import type { ChatRequest } from '../../../core/chat.ts'

const LEGAL_ID = /^[A-Za-z0-9_-]+$/
const LEGAL_NAME = /^[A-Za-z0-9_-]{1,64}$/
const SERVER_ID = /^srvtoolu_[A-Za-z0-9_]+$/

const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length)

/** A legal tool id; a changed one ends in a hash of the original, so two never meet. */
export function wireToolId(id: string): string {
  return LEGAL_ID.test(id) ? id : `${id.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 48) || 'toolu'}_${digest(id, 10)}`
}

/** A legal id of a server tool's call; used for the call and its result alike. */
export function wireServerToolId(id: string): string {
  return SERVER_ID.test(id) ? id : `srvtoolu_${id.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 40)}_${digest(id, 8)}`
}

/** A stable value of at most 256 characters for `metadata.user_id`. */
export const wireUserId = (user: string): string => (user.length <= 256 ? user : digest(user, 64))

export interface ToolNames {
  toWire(name: string): string
  fromWire(name: string): string
}

const memo = new WeakMap<ChatRequest, ToolNames>()

/** The two-way table of tool names of one request: what is declared, called in history, or chosen. */
export function toolNames(request: ChatRequest): ToolNames {
  let names = memo.get(request)
  if (names === undefined) {
    if (!namesTools(request)) return SAME
    memo.set(request, (names = buildNames(request)))
  }
  return names
}

const SAME: ToolNames = { toWire: (name) => name, fromWire: (name) => name }

const namesTools = ({ tools, toolChoice, messages }: ChatRequest): boolean =>
  tools.length > 0 || toolChoice?.type === 'tool' || messages.some(({ content }) => content.some(({ type }) => type === 'tool-call'))

function buildNames(request: ChatRequest): ToolNames {
  const all = new Set<string>()
  for (const tool of request.tools) {
    const name = tool.type === 'server' ? tool.wire['name'] : tool.name
    if (typeof name === 'string') all.add(name)
  }
  for (const message of request.messages) {
    for (const block of message.content) if (block.type === 'tool-call') all.add(block.name)
  }
  if (request.toolChoice?.type === 'tool') all.add(request.toolChoice.name)
  const there = new Map<string, string>()
  const back = new Map<string, string>()
  for (const name of all) {
    if (LEGAL_NAME.test(name)) continue
    let wire = name.replace(/[^A-Za-z0-9_-]/g, '_') || 'tool'
    if (wire.length > 64 || all.has(wire) || back.has(wire)) wire = `${wire.slice(0, 53)}_${digest(name, 10)}`
    there.set(name, wire)
    back.set(wire, name)
  }
  return { toWire: (name) => there.get(name) ?? name, fromWire: (name) => back.get(name) ?? name }
}
