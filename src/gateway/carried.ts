// What only the client's own format can say and another format's upstream is not told: a line of the receipt for each
// such member, once, wherever in the request it stands.

import type { Block, ChatRequest, Extensions } from '../core/chat.ts'
import type { Note } from '../core/warning.ts'
import { isObject, type JsonValue } from '../lib/json.ts'

/** Top-level members that say how the client wants its own answer, and need no upstream. */
const QUIET = new Set(['stream_options', 'system_attribution', 'include', 'client_metadata', 'max_tool_calls'])
/** Settings of which only a part is left. */
const CONTAINERS = new Set(['generationConfig', 'toolConfig', 'output_config', 'reasoning', 'text', 'thinking', 'speechConfig'])
/** Members of tools and blocks that name nothing an upstream could miss, or that our codecs read themselves. */
const MARKS = new Set(['legacy_function', 'namespace', 'localName', 'id', 'caller', 'item', 'wire', 'toolSearch', 'loaded'])

/** @param format the client's own. */
export function noteCarried(request: ChatRequest, format: string, note: Note): void {
  const told = new Set<string>()
  const tell = (at: string, name: string): void => {
    if (told.has(name)) return
    told.add(name)
    note({ kind: 'dropped', field: at, reason: `only ${format} knows it` })
  }
  const tellInner = (extensions: Extensions | undefined, at: string): void => {
    const own = extensions?.[format]
    for (const name in own) if (!MARKS.has(name) && asks(name, own[name])) tell(`${at}.${name}`, name)
  }

  const own = request.extensions[format] ?? {}
  for (const [field, value] of Object.entries(own)) {
    if (QUIET.has(field) || !asks(field, value)) continue
    if (!CONTAINERS.has(field) || !isObject(value)) tell(field, field)
    else for (const name in value) if (asks(name, value[name])) tell(`${field}.${name}`, `${field}.${name}`)
  }
  for (const [index, tool] of request.tools.entries()) if (tool.type !== 'server') tellInner(tool.extensions, `tools[${index}]`)
  for (const [index, message] of request.messages.entries()) {
    tellInner(message.extensions, `messages[${index}]`)
    for (const [position, block] of message.content.entries()) eachOwn(block, `messages[${index}].content[${position}]`, tellInner)
  }
}

function eachOwn(block: Block, at: string, tell: (extensions: Extensions | undefined, at: string) => void): void {
  // Hosted tools' blocks travel by their neutral members, whatever else their format wrote.
  if (block.type === 'server-tool-call' || block.type === 'server-tool-result') return
  if ('extensions' in block) tell(block.extensions, at)
  if (block.type === 'tool-result') for (const inner of block.content) eachOwn(inner, at, tell)
}

/** Marks of our codecs begin with `#`; what is empty or off asks for nothing. */
const asks = (name: string, value: JsonValue | undefined): boolean =>
  !name.startsWith('#') && value !== null && value !== false && value !== undefined
