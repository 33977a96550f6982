// Small members of turns that an upstream's format has no word for. They shape the answer little, so nothing is
// refused; each kind is told once, where it first stands.

import type { Block, ChatRequest } from '../../core/chat.ts'
import type { Note } from '../../core/warning.ts'

/** Named as clients name them. */
export type Unspoken = 'name' | 'detail' | 'filename' | 'context' | 'citations' | 'cache_control'

/** @param lacks what the format cannot say. */
export function noteUnspoken({ messages, tools, cache }: ChatRequest, lacks: readonly Unspoken[], note: Note): void {
  const told = new Set<Unspoken>()
  const tell = (what: Unspoken, field: string): void => {
    if (told.has(what) || !lacks.includes(what)) return
    told.add(what)
    note({ kind: 'dropped', field, reason: 'the upstream has no place for it' })
  }
  if (cache !== undefined) tell('cache_control', 'cache_control')
  for (const [index, tool] of tools.entries()) if (tool.cache !== undefined) tell('cache_control', `tools[${index}].cache_control`)
  for (const [index, { name, content }] of messages.entries()) {
    if (name !== undefined) tell('name', `messages[${index}].name`)
    for (const [position, block] of content.entries()) eachMember(block, `messages[${index}].content[${position}]`, tell)
  }
}

function eachMember(block: Block, at: string, tell: (what: Unspoken, field: string) => void): void {
  if ('cache' in block && block.cache !== undefined) tell('cache_control', `${at}.cache_control`)
  if (block.type === 'image') {
    if (block.detail !== undefined && block.detail !== 'auto') tell('detail', `${at}.detail`)
  } else if (block.type === 'file') {
    if (block.name !== undefined) tell('filename', `${at}.filename`)
    if (block.context !== undefined) tell('context', `${at}.context`)
    if (block.citationsEnabled === true) tell('citations', `${at}.citations`)
  } else if (block.type === 'tool-result') {
    for (const [index, inner] of block.content.entries()) eachMember(inner, `${at}.content[${index}]`, tell)
  }
}
