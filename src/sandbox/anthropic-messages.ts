// Reads and checks the turns of a Messages request: roles, blocks, and the pairing of calls and results.

import { asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { array, bad, object, required, source, text } from './anthropic-checks.ts'
import { nothingSeen, type Seen } from './prompt.ts'
import { sealState } from './tokens.ts'

export interface Turns {
  readonly seen: Seen
  lastText: string
  results: string[]
  /** Role of the last message. */
  lastRole: string
  /** Names of server tools called in history. */
  readonly serverTools: Set<string>
}

interface State extends Turns {
  /** Calls of the turn before, waiting for their results. */
  open: Set<string>
  readonly used: Set<string>
}

/** @throws Failure in Anthropic's words. */
export function readTurns(value: JsonValue | undefined, isPrefillable: boolean): Turns {
  const messages = array(value, 'messages')
  if (messages.length === 0) throw bad('messages: at least one message is required')
  const state: State = {
    seen: nothingSeen(),
    lastText: '',
    results: [],
    lastRole: '',
    open: new Set(),
    used: new Set(),
    serverTools: new Set(),
  }
  state.seen.messages = messages.length
  for (const [index, message] of messages.entries())
    readMessage(object(message, `messages.${index}`), index, { state, last: index === messages.length - 1 })
  if (state.open.size > 0) throw orphans(messages.length - 1, state.open)
  if (state.lastRole === 'assistant' && !isPrefillable)
    throw bad('This model does not support assistant message prefill. The conversation must end with a user message.')
  return state
}

const orphans = (index: number, ids: Iterable<string>) =>
  bad(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...ids].join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  )

function readMessage(message: JsonObject, index: number, { state, last }: { state: State; last: boolean }): void {
  const at = `messages.${index}`
  const role = text(message.role, `${at}.role`)
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw bad(`messages: Unexpected role "${role}". Allowed roles are "user" or "assistant".`)
  if (index === 0 && role !== 'user') throw bad('messages: first message must use the "user" role')
  if (message.content === undefined) throw required(`${at}.content`)
  if (role === 'system') return readSystem(message.content, at, state)
  const blocks = typeof message.content === 'string' ? undefined : array(message.content, `${at}.content`)
  if (role === 'assistant') readAssistant(blocks ?? message.content, at, { state, last, index })
  else readUser(blocks ?? message.content, at, { state, index })
  state.lastRole = role
}

function readSystem(content: JsonValue, at: string, state: State): void {
  if (state.open.size > 0) throw bad(`${at}: a system message may not come between \`tool_use\` and \`tool_result\` blocks`)
  for (const block of typeof content === 'string' ? [{ type: 'text', text: content }] : array(content, `${at}.content`))
    state.seen.characters += text(object(block, `${at}.content`).text, `${at}.content`).length
}

interface UserPlace {
  readonly state: State
  readonly index: number
}

function readUser(content: string | JsonValue, at: string, { state, index }: UserPlace): void {
  if (content === '' || (Array.isArray(content) && content.length === 0)) throw bad(`${at}: user messages must have non-empty content`)
  if (!Array.isArray(content)) {
    if (state.open.size > 0) throw orphans(index - 1, state.open)
    state.seen.characters += String(content).length
    state.lastText = String(content)
    return
  }
  const texts: string[] = []
  let others = false
  const asked = new Set(state.open)
  for (const [i, value] of content.entries()) {
    const path = `${at}.content.${i}`
    const block = object(value, path)
    if (block.type === 'tool_result') {
      if (others && state.open.size > 0) throw orphans(index - 1, state.open)
      readResult(block, path, { state, asked })
    } else {
      others = true
      if (state.open.size > 0) throw orphans(index - 1, state.open)
      const found = readUserBlock(block, path, state.seen)
      if (found !== undefined) texts.push(found)
    }
  }
  if (state.open.size > 0) throw orphans(index - 1, state.open)
  if (others) state.lastText = texts.join('')
}

const USER_BLOCKS = [
  'text',
  'image',
  'document',
  'search_result',
  'tool_result',
  'container_upload',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'server_tool_use',
  'web_search_tool_result',
  'web_fetch_tool_result',
]
const unknownTag = (path: string, type: string) =>
  bad(
    `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags: ${USER_BLOCKS.map((tag) => `'${tag}'`).join(', ')}`,
  )

function readUserBlock(block: JsonObject, path: string, seen: Seen): string | undefined {
  const type = text(block.type, `${path}.type`)
  if (type === 'text') return readText(block, path, seen)
  if (type === 'image' || type === 'document') {
    seen[type === 'image' ? 'images' : 'files']++
    source(block, path)
    return undefined
  }
  if (type === 'search_result') {
    seen.characters += text(block.source, `${path}.search_result.source`).length + text(block.title, `${path}.search_result.title`).length
    array(block.content, `${path}.search_result.content`)
    return undefined
  }
  if (type === 'container_upload' || type === 'tool_reference') return undefined
  throw USER_BLOCKS.includes(type) ? bad(`${path}: \`${type}\` blocks are not permitted in user messages`) : unknownTag(path, type)
}

function readText(block: JsonObject, path: string, seen: Seen, blank = false): string {
  const value = text(block.text, `${path}.text.text`)
  if (value === '') throw bad(`messages: text content blocks must be non-empty`)
  if (!blank && value.trim() === '') throw bad('messages: text content blocks must contain non-whitespace text')
  seen.characters += value.length
  return value
}

function readResult(block: JsonObject, path: string, { state, asked }: { state: State; asked: ReadonlySet<string> }): void {
  const id = text(block.tool_use_id, `${path}.tool_result.tool_use_id`)
  if (!asked.has(id))
    throw bad(
      `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    )
  if (!state.open.delete(id))
    throw bad(`${path}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`)
  const { content } = block
  let result = ''
  if (typeof content === 'string') result = content
  else if (content !== undefined && content !== null) {
    for (const [i, value] of array(content, `${path}.tool_result.content`).entries()) {
      const inner = object(value, `${path}.tool_result.content.${i}`)
      // Empty text is accepted here, unlike in messages.
      result +=
        inner.type === 'text'
          ? text(inner.text, `${path}.tool_result.content.${i}.text`)
          : (readUserBlock(inner, `${path}.tool_result.content.${i}`, state.seen) ?? '')
    }
  }
  if (block.is_error !== undefined && typeof block.is_error !== 'boolean')
    throw bad(`${path}.tool_result.is_error: Input should be a valid boolean`)
  state.seen.characters += result.length
  state.results.push(block.is_error === true ? `error: ${result}` : result)
}

interface AssistantPlace extends UserPlace {
  readonly last: boolean
}

function readAssistant(content: string | JsonValue, at: string, { state, index, last }: AssistantPlace): void {
  if (state.open.size > 0) throw orphans(index - 1, state.open)
  state.results = []
  if (!Array.isArray(content)) {
    if (content === '' && !last)
      throw bad(`${at}: all messages must have non-empty content except for the optional final assistant message`)
    if (last && /\s$/.test(String(content))) throw bad('messages: final assistant content cannot end with trailing whitespace')
    state.seen.characters += String(content).length
    return
  }
  if (content.length === 0 && !last)
    throw bad(`${at}: all messages must have non-empty content except for the optional final assistant message`)
  // Between two cited spans stands a block of white space, which comes back as it was sent.
  const cited = content.some((block) => isObject(block) && Array.isArray(block.citations))
  for (const [i, value] of content.entries())
    readAssistantBlock(object(value, `${at}.content.${i}`), `${at}.content.${i}`, { state, cited })
  const end = content.at(-1)
  if (last && isObject(end) && /\s$/.test(asString(end.text) ?? ''))
    throw bad('messages: final assistant content cannot end with trailing whitespace')
}

function readAssistantBlock(block: JsonObject, path: string, { state, cited }: { state: State; cited: boolean }): void {
  const type = text(block.type, `${path}.type`)
  if (type === 'text') readText(block, path, state.seen, cited)
  else if (type === 'thinking') {
    const thinking = text(block.thinking, `${path}.thinking.thinking`)
    const signature = text(block.signature, `${path}.thinking.signature`)
    // With `display: omitted` the text is empty and the signature stands alone.
    if (sealState('thinking', signature, thinking === '' ? undefined : thinking) === 'altered')
      throw bad(`${path}: Invalid \`signature\` in \`thinking\` block`)
  } else if (type === 'redacted_thinking') text(block.data, `${path}.redacted_thinking.data`)
  else if (type === 'tool_use' || type === 'server_tool_use') {
    const id = text(block.id, `${path}.${type}.id`)
    const shape = type === 'tool_use' ? /^[a-zA-Z0-9_-]+$/ : /^srvtoolu_[a-zA-Z0-9_]+$/
    if (!shape.test(id)) throw bad(`${path}.${type}.id: String should match pattern '${shape.source}'`)
    const name = text(block.name, `${path}.${type}.name`)
    object(block.input, `${path}.${type}.input`)
    state.seen.characters += JSON.stringify(block.input).length
    if (state.used.has(id)) throw bad(`messages: \`tool_use\` ids must be unique`)
    state.used.add(id)
    if (type === 'tool_use') state.open.add(id)
    else state.serverTools.add(name)
  } else if (type === 'web_search_tool_result') readSearchResult(block, path, state)
  else if (type === 'tool_result') throw bad(`${path}: \`tool_result\` blocks can only be in \`user\` messages`)
  else if (!/_tool_result$|^(fallback|compaction|container_upload|image)$/.test(type)) throw unknownTag(path, type)
}

function readSearchResult(block: JsonObject, path: string, state: State): void {
  const id = text(block.tool_use_id, `${path}.web_search_tool_result.tool_use_id`)
  if (!state.used.has(id)) throw bad(`${path}: unexpected \`tool_use_id\` found in \`web_search_tool_result\` blocks: ${id}`)
  if (!Array.isArray(block.content)) return
  for (const [i, value] of block.content.entries()) {
    const at = `${path}.web_search_tool_result.content.${i}`
    const result = object(value, at)
    const blob = text(result.encrypted_content, `${at}.encrypted_content`)
    if (sealState('search', blob, sealedPage(asString(result.url) ?? '', asString(result.title) ?? '')) !== 'intact')
      throw bad(`${at}.encrypted_content: Invalid \`encrypted_content\` in \`search_result\` block`)
    state.seen.characters += text(result.title, `${at}.title`).length
  }
}

/** What a search result's seal binds. */
export const sealedPage = (url: string, title: string): string => `${url}\n${title}`
