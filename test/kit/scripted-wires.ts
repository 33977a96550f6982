// One turn of a scripted model in each wire format, streamed or whole.

import type { Asked, Piece, Turn } from './scripted-model.ts'
import type { Script } from './upstream.ts'

type Wire = Record<string, unknown>

/** A piece with names and ids settled. */
type Said =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'think'; readonly text: string; readonly signature?: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly json: string; readonly signature?: string }
  | { readonly kind: 'block'; readonly wire: Wire }

export function render(turn: Turn, asked: Asked, round: number): Script {
  if (turn.status !== undefined) return { status: turn.status, body: { error: { message: 'the script says so', code: turn.status } } }
  const said = turn.pieces.map((piece, index) => settle(piece, asked, `call_${round}_${index}`))
  const usage = { input: turn.input ?? 10, output: turn.output ?? 5 }
  const wire = WIRES[asked.format]
  const calls = said.some(({ kind }) => kind === 'call')
  const context: Context = { usage, end: turn.finish ?? (calls ? 'calls' : 'stop'), round }
  if (asked.stream) return { pieces: [...wire.stream(said, context)] }
  const slow = said.reduce((sum, piece) => sum + (piece.kind === 'pause' ? piece.ms : 0), 0)
  if (said.some(({ kind }) => kind === 'hang')) return { headers: { 'content-type': 'application/json' }, pieces: ['hang'] }
  const body = wire.whole(said, context)
  return slow === 0 ? { body } : { headers: { 'content-type': 'application/json' }, pieces: [slow, JSON.stringify(body)] }
}

interface Context {
  readonly usage: { readonly input: number; readonly output: number }
  readonly end: 'stop' | 'calls' | 'length' | 'pause_turn'
  readonly round: number
}

const nameFor = (kind: 'search' | 'fetch', asked: Asked): string =>
  asked.functions.findLast((name) => name.toLowerCase().includes(kind)) ?? `web_${kind}`

function settle(piece: Piece, asked: Asked, id: string): Said {
  if (piece === 'hang!') return { kind: 'hang' }
  if (typeof piece === 'string') return { kind: 'text', text: piece }
  if (typeof piece === 'number') return { kind: 'pause', ms: piece }
  if ('think' in piece) return { kind: 'think', text: piece.think, ...(piece.signature && { signature: piece.signature }) }
  if ('block' in piece) return { kind: 'block', wire: piece.block }
  const json = (given: string | object, member: string): string => JSON.stringify(typeof given === 'string' ? { [member]: given } : given)
  if ('search' in piece) {
    const call = { kind: 'call', id, name: nameFor('search', asked), json: json(piece.search, 'query') } as const
    return { ...call, ...(piece.signature && { signature: piece.signature }) }
  }
  if ('fetch' in piece) return { kind: 'call', id, name: nameFor('fetch', asked), json: json(piece.fetch, 'url') }
  return { kind: 'call', id, name: piece.call, json: JSON.stringify(piece.input) }
}

interface WireOf {
  stream(said: readonly Said[], context: Context): Iterable<string | number | 'hang'>
  whole(said: readonly Said[], context: Context): Wire
}

const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (value: Wire): string => `event: ${String(value.type)}\n${sse(value)}`
const textOf = (said: readonly Said[]): string => said.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
const thoughtOf = (said: readonly Said[]): string => said.map((piece) => (piece.kind === 'think' ? piece.text : '')).join('')
const callsOf = (said: readonly Said[]): Extract<Said, { kind: 'call' }>[] => said.filter((piece) => piece.kind === 'call')
const halves = (text: string): [string, string] => [text.slice(0, text.length / 2), text.slice(text.length / 2)]

// ── OpenAI Chat ───────────────────────────────────────────────────────────────────────────────────

const CHAT_END = { stop: 'stop', calls: 'tool_calls', length: 'length', pause_turn: 'stop' } as const
const chatUsage = ({ usage }: Context): Wire => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
})

const chat: WireOf = {
  *stream(said, context) {
    const chunk = (delta: Wire, finish: string | null = null): string =>
      sse({
        ...{ id: `chatcmpl-${context.round}`, object: 'chat.completion.chunk', created: 1, model: 'up-model' },
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    yield chunk({ role: 'assistant', content: '' })
    let calls = 0
    for (const piece of said) {
      if (piece.kind === 'text') yield chunk({ content: piece.text })
      else if (piece.kind === 'think') yield chunk({ reasoning_content: piece.text })
      else if (piece.kind === 'pause') yield piece.ms
      else if (piece.kind === 'hang') yield 'hang'
      else if (piece.kind === 'call') {
        const index = calls++
        yield chunk({ tool_calls: [{ index, id: piece.id, type: 'function', function: { name: piece.name, arguments: '' } }] })
        for (const half of halves(piece.json)) yield chunk({ tool_calls: [{ index, function: { arguments: half } }] })
      }
    }
    yield chunk({}, CHAT_END[context.end])
    yield sse({
      ...{ id: `chatcmpl-${context.round}`, object: 'chat.completion.chunk', created: 1, model: 'up-model' },
      ...{ choices: [], usage: chatUsage(context) },
    })
    yield 'data: [DONE]\n\n'
  },
  whole(said, context) {
    const calls = callsOf(said).map(({ id, name, json }) => ({ id, type: 'function', function: { name, arguments: json } }))
    const content = textOf(said)
    const reasoning = thoughtOf(said)
    const message = {
      ...{ role: 'assistant', content: content === '' && calls.length > 0 ? null : content },
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    return {
      ...{ id: `chatcmpl-${context.round}`, object: 'chat.completion', created: 1, model: 'up-model' },
      choices: [{ index: 0, message, finish_reason: CHAT_END[context.end], logprobs: null }],
      usage: chatUsage(context),
    }
  },
}

// ── Gemini ────────────────────────────────────────────────────────────────────────────────────────

function geminiPart(piece: Said): Wire | undefined {
  const signed = 'signature' in piece && piece.signature !== undefined ? { thoughtSignature: piece.signature } : {}
  if (piece.kind === 'text') return { text: piece.text }
  if (piece.kind === 'think') return { text: piece.text, thought: true, ...signed }
  return piece.kind === 'call' ? { functionCall: { name: piece.name, args: JSON.parse(piece.json) }, ...signed } : undefined
}

const geminiTail = (context: Context): Wire => ({
  usageMetadata: {
    promptTokenCount: context.usage.input,
    candidatesTokenCount: context.usage.output,
    totalTokenCount: context.usage.input + context.usage.output,
  },
  modelVersion: 'up-model',
})
const geminiEnd = ({ end }: Context): string => (end === 'length' ? 'MAX_TOKENS' : 'STOP')

const gemini: WireOf = {
  *stream(said, context) {
    for (const piece of said) {
      if (piece.kind === 'pause') yield piece.ms
      else if (piece.kind === 'hang') yield 'hang'
      const part = geminiPart(piece)
      if (part !== undefined) yield sse({ candidates: [{ index: 0, content: { role: 'model', parts: [part] } }], modelVersion: 'up-model' })
    }
    const last = { index: 0, content: { role: 'model', parts: [{ text: '' }] }, finishReason: geminiEnd(context) }
    yield sse({ candidates: [last], ...geminiTail(context) })
  },
  whole(said, context) {
    const parts: Wire[] = []
    for (const part of said.map(geminiPart)) {
      const last = parts.at(-1)
      const joins = typeof part?.text === 'string' && typeof last?.text === 'string' && last.thought === part.thought
      if (joins) parts[parts.length - 1] = { ...last, text: `${last.text}${part.text}` }
      else if (part !== undefined) parts.push(part)
    }
    return { candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: geminiEnd(context) }], ...geminiTail(context) }
  },
}

// ── Anthropic Messages ────────────────────────────────────────────────────────────────────────────

const MESSAGES_END = { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens', pause_turn: 'pause_turn' } as const

/** Content blocks; neighbouring words are one block. */
function blocksOf(said: readonly Said[]): Wire[] {
  const blocks: Wire[] = []
  for (const piece of said) {
    const last = blocks.at(-1)
    if (piece.kind === 'text' && last?.type === 'text' && last.citations === undefined) last.text = `${last.text}${piece.text}`
    else if (piece.kind === 'text') blocks.push({ type: 'text', text: piece.text })
    else if (piece.kind === 'think') blocks.push({ type: 'thinking', thinking: piece.text, signature: piece.signature ?? 'sig' })
    else if (piece.kind === 'call') {
      blocks.push({ type: 'tool_use', id: `toolu_${piece.id}`, name: piece.name, input: JSON.parse(piece.json) })
    } else if (piece.kind === 'block') blocks.push({ ...piece.wire })
  }
  return blocks
}

function* blockFrames(block: Wire, index: number): Iterable<string> {
  const start = (content_block: Wire): string => named({ type: 'content_block_start', index, content_block })
  const delta = (value: Wire): string => named({ type: 'content_block_delta', index, delta: value })
  if (block.type === 'text') {
    yield start({ type: 'text', text: '', ...(block.citations !== undefined && { citations: [] }) })
    for (const citation of (block.citations as unknown[] | undefined) ?? []) yield delta({ type: 'citations_delta', citation })
    for (const text of halves(String(block.text))) if (text !== '') yield delta({ type: 'text_delta', text })
  } else if (block.type === 'tool_use' || block.type === 'server_tool_use') {
    yield start({ ...block, input: {} })
    for (const partial_json of ['', ...halves(JSON.stringify(block.input))]) yield delta({ type: 'input_json_delta', partial_json })
  } else if (block.type === 'thinking') {
    yield start({ type: 'thinking', thinking: '', signature: '' })
    yield delta({ type: 'thinking_delta', thinking: block.thinking })
    yield delta({ type: 'signature_delta', signature: block.signature })
  } else yield start(block)
  yield named({ type: 'content_block_stop', index })
}

const searchesIn = (said: readonly Said[]): number =>
  said.filter((piece) => piece.kind === 'block' && piece.wire.type === 'server_tool_use').length

const messages: WireOf = {
  *stream(said, context) {
    const usage = { input_tokens: context.usage.input, output_tokens: 1 }
    const message = { id: `msg_${context.round}`, type: 'message', role: 'assistant', model: 'up-model', content: [] }
    yield named({ type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } })
    let index = 0
    for (const block of blocksOf(said)) yield* blockFrames(block, index++)
    for (const piece of said) if (piece.kind === 'pause') yield piece.ms
    for (const piece of said) if (piece.kind === 'hang') yield 'hang'
    const searches = searchesIn(said)
    yield named({
      type: 'message_delta',
      delta: { stop_reason: MESSAGES_END[context.end], stop_sequence: null },
      usage: {
        output_tokens: context.usage.output,
        ...(searches > 0 && { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } }),
      },
    })
    yield named({ type: 'message_stop' })
  },
  whole(said, context) {
    const searches = searchesIn(said)
    return {
      ...{ id: `msg_${context.round}`, type: 'message', role: 'assistant', model: 'up-model', content: blocksOf(said) },
      ...{ stop_reason: MESSAGES_END[context.end], stop_sequence: null },
      usage: {
        ...{ input_tokens: context.usage.input, output_tokens: context.usage.output },
        ...(searches > 0 && { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } }),
      },
    }
  },
}

// ── OpenAI Responses ──────────────────────────────────────────────────────────────────────────────

function itemsOf(said: readonly Said[], context: Context): Wire[] {
  const text = textOf(said)
  const content = [{ type: 'output_text', text, annotations: [] }]
  const message = { id: `msg_${context.round}`, type: 'message', role: 'assistant', status: 'completed', content }
  const calls = callsOf(said).map(({ id, name, json }) => ({
    ...{ id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: id, name, arguments: json },
  }))
  return [...(text === '' ? [] : [message]), ...calls]
}

function responseOf(said: readonly Said[], context: Context, status: string): Wire {
  const { input, output } = context.usage
  return {
    ...{ id: `resp_${context.round}`, object: 'response', created_at: 1, model: 'up-model', status, error: null },
    ...(context.end === 'length' && { incomplete_details: { reason: 'max_output_tokens' } }),
    output: itemsOf(said, context),
    usage: {
      ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
      ...{ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
    },
  }
}

function* itemFrames(item: Wire, at: number): Iterable<string> {
  const place = { output_index: at, item_id: item.id }
  if (item.type === 'function_call') {
    yield named({ type: 'response.output_item.added', output_index: at, item: { ...item, arguments: '', status: 'in_progress' } })
    for (const delta of halves(String(item.arguments))) yield named({ type: 'response.function_call_arguments.delta', ...place, delta })
    yield named({ type: 'response.function_call_arguments.done', ...place, arguments: item.arguments })
  } else {
    const part = (item.content as Wire[])[0] as Wire
    const inPart = { ...place, content_index: 0 }
    yield named({ type: 'response.output_item.added', output_index: at, item: { ...item, content: [], status: 'in_progress' } })
    yield named({ type: 'response.content_part.added', ...inPart, part: { ...part, text: '' } })
    for (const delta of halves(String(part.text))) yield named({ type: 'response.output_text.delta', ...inPart, delta })
    yield named({ type: 'response.output_text.done', ...inPart, text: part.text })
    yield named({ type: 'response.content_part.done', ...inPart, part })
  }
  yield named({ type: 'response.output_item.done', output_index: at, item })
}

const responses: WireOf = {
  *stream(said, context) {
    const opening = { ...responseOf([], context, 'in_progress'), usage: null }
    yield named({ type: 'response.created', response: opening })
    yield named({ type: 'response.in_progress', response: opening })
    for (const [at, item] of itemsOf(said, context).entries()) yield* itemFrames(item, at)
    for (const piece of said) if (piece.kind === 'pause') yield piece.ms
    for (const piece of said) if (piece.kind === 'hang') yield 'hang'
    const status = context.end === 'length' ? 'incomplete' : 'completed'
    yield named({ type: `response.${status}`, response: responseOf(said, context, status) })
  },
  whole: (said, context) => responseOf(said, context, context.end === 'length' ? 'incomplete' : 'completed'),
}

const WIRES = { chat, gemini, messages, responses } as const
