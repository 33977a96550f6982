// The two wire formats that tell an answer in blocks and items: Anthropic Messages and OpenAI Responses.

import { type Context, callsOf, halves, named, type Said, textOf, type Wire, type WireOf } from './scripted-said.ts'

// ── Anthropic Messages ────────────────────────────────────────────────────────────────────────────

const MESSAGES_END = { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens', pause_turn: 'pause_turn' } as const

function blockOf(piece: Said): Wire | undefined {
  if (piece.kind === 'text') return { type: 'text', text: piece.text }
  if (piece.kind === 'think') return { type: 'thinking', thinking: piece.text, signature: piece.signature ?? 'sig' }
  if (piece.kind === 'call') return { type: 'tool_use', id: `toolu_${piece.id}`, name: piece.name, input: JSON.parse(piece.json) }
  return piece.kind === 'block' ? { ...piece.wire } : undefined
}

/** Content blocks; neighbouring words are one block. */
function blocksOf(said: readonly Said[]): Wire[] {
  const blocks: Wire[] = []
  for (const piece of said) {
    const block = blockOf(piece)
    const last = blocks.at(-1)
    if (piece.kind === 'text' && last?.type === 'text' && last.citations === undefined) last.text = `${last.text}${piece.text}`
    else if (block !== undefined) blocks.push(block)
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

const searchesIn = (said: readonly Said[]): Wire => {
  const count = said.filter((piece) => piece.kind === 'block' && piece.wire.type === 'server_tool_use').length
  return count > 0 ? { server_tool_use: { web_search_requests: count, web_fetch_requests: 0 } } : {}
}

export const messages: WireOf = {
  *stream(said, context) {
    const usage = { input_tokens: context.usage.input, output_tokens: 1 }
    const message = { id: `msg_${context.round}`, type: 'message', role: 'assistant', model: 'up-model', content: [] }
    yield named({ type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } })
    let index = 0
    let open = false
    for (const piece of said) {
      if (open && (piece.kind === 'call' || piece.kind === 'think' || piece.kind === 'block')) {
        open = false
        yield named({ type: 'content_block_stop', index: index++ })
      }
      if (piece.kind === 'pause') yield piece.ms
      else if (piece.kind === 'hang') yield 'hang'
      else if (piece.kind === 'text') {
        if (!open) yield named({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } })
        open = true
        yield named({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: piece.text } })
      } else yield* blockFrames(blockOf(piece) ?? {}, index++)
    }
    if (open) yield named({ type: 'content_block_stop', index })
    const delta = { stop_reason: MESSAGES_END[context.end], stop_sequence: null }
    yield named({ type: 'message_delta', delta, usage: { output_tokens: context.usage.output, ...searchesIn(said) } })
    yield named({ type: 'message_stop' })
  },
  whole: (said, context) => ({
    ...{ id: `msg_${context.round}`, type: 'message', role: 'assistant', model: 'up-model', content: blocksOf(said) },
    ...{ stop_reason: MESSAGES_END[context.end], stop_sequence: null },
    usage: { input_tokens: context.usage.input, output_tokens: context.usage.output, ...searchesIn(said) },
  }),
}

// ── OpenAI Responses ──────────────────────────────────────────────────────────────────────────────

const callItem = ({ id, name, json }: Extract<Said, { kind: 'call' }>): Wire => ({
  ...{ id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: id, name, arguments: json },
})
const messageItem = (text: string, context: Context): Wire => ({
  ...{ id: `msg_${context.round}`, type: 'message', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text, annotations: [] }],
})
const thoughtItem = ({ text, signature }: Extract<Said, { kind: 'think' }>, context: Context): Wire => ({
  ...{ id: `rs_${context.round}`, type: 'reasoning', summary: [{ type: 'summary_text', text }] },
  encrypted_content: signature ?? `sealed-${text}`,
})

function itemsOf(said: readonly Said[], context: Context): Wire[] {
  const text = textOf(said)
  const thoughts = said.flatMap((piece) => (piece.kind === 'think' ? [thoughtItem(piece, context)] : []))
  return [...thoughts, ...(text === '' ? [] : [messageItem(text, context)]), ...callsOf(said).map(callItem)]
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

function* callFrames(item: Wire, at: number): Iterable<string> {
  const place = { output_index: at, item_id: item.id }
  yield named({ type: 'response.output_item.added', output_index: at, item: { ...item, arguments: '', status: 'in_progress' } })
  for (const delta of halves(String(item.arguments))) yield named({ type: 'response.function_call_arguments.delta', ...place, delta })
  yield named({ type: 'response.function_call_arguments.done', ...place, arguments: item.arguments })
  yield named({ type: 'response.output_item.done', output_index: at, item })
}

function* thoughtFrames(item: Wire, at: number): Iterable<string> {
  yield named({ type: 'response.output_item.added', output_index: at, item: { ...item, summary: [] } })
  yield named({ type: 'response.output_item.done', output_index: at, item })
}

/** The one message of an answer, told piece by piece. */
function messageFrames(context: Context): { begin(at: number): string[]; say(text: string): string; end(): string[] } {
  let text = ''
  let at = 0
  const place = (): Wire => ({ output_index: at, item_id: `msg_${context.round}`, content_index: 0 })
  return {
    begin(index) {
      at = index
      const item = { ...messageItem('', context), content: [], status: 'in_progress' }
      return [
        named({ type: 'response.output_item.added', output_index: at, item }),
        named({ type: 'response.content_part.added', ...place(), part: { type: 'output_text', text: '', annotations: [] } }),
      ]
    },
    say(delta) {
      text += delta
      return named({ type: 'response.output_text.delta', ...place(), delta })
    },
    end: () => [
      named({ type: 'response.output_text.done', ...place(), text }),
      named({ type: 'response.content_part.done', ...place(), part: { type: 'output_text', text, annotations: [] } }),
      named({ type: 'response.output_item.done', output_index: at, item: messageItem(text, context) }),
    ],
  }
}

export const responses: WireOf = {
  *stream(said, context) {
    const opening = { ...responseOf([], context, 'in_progress'), usage: null }
    yield named({ type: 'response.created', response: opening })
    yield named({ type: 'response.in_progress', response: opening })
    const message = messageFrames(context)
    let at = 0
    let open = false
    for (const piece of said) {
      if (open && (piece.kind === 'call' || piece.kind === 'think')) {
        open = false
        yield* message.end()
      }
      if (piece.kind === 'pause') yield piece.ms
      else if (piece.kind === 'hang') yield 'hang'
      else if (piece.kind === 'call') yield* callFrames(callItem(piece), at++)
      else if (piece.kind === 'think') yield* thoughtFrames(thoughtItem(piece, context), at++)
      else if (piece.kind === 'text') {
        if (!open) yield* message.begin(at++)
        open = true
        yield message.say(piece.text)
      }
    }
    if (open) yield* message.end()
    const status = context.end === 'length' ? 'incomplete' : 'completed'
    yield named({ type: `response.${status}`, response: responseOf(said, context, status) })
  },
  whole: (said, context) => responseOf(said, context, context.end === 'length' ? 'incomplete' : 'completed'),
}
