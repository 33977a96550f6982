// Prints an answer as Anthropic Messages, whole or as its stream of named events.

import { tryParseJson } from '../lib/json.ts'
import { anthropicError, anthropicFailure } from './anthropic-checks.ts'
import { sealedPage } from './anthropic-messages.ts'
import { firstSentence, type Hit, quotation } from './corpus.ts'
import { type Frames, PIECE, type Wire } from './play.ts'
import type { Prompt } from './prompt.ts'
import type { Answer, Block, Script, ScriptUsage } from './script.ts'
import { fragments, idFrom, pieces, seal } from './tokens.ts'

const DIRECT = { type: 'direct' }
const RETRIEVED = '2026-01-15T12:00:00.000000+00:00'

const event = (type: string, members: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`

export const anthropic: Wire = {
  streamType: () => 'text/event-stream; charset=utf-8',
  failure: anthropicFailure,
  unary(prompt, answer) {
    const script = answer.choices[0] as Script
    const content = wireBlocks(prompt, script).map(({ whole }) => whole)
    return { ...message(prompt), content, ...stop(script), usage: usage(answer.usage, true) }
  },
  stream,
  errorFrame: (failure) => `event: error\ndata: ${JSON.stringify(anthropicError(failure))}\n\n`,
  malformedFrame: () =>
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"bro\n\n',
}

const message = ({ seed, model }: Prompt): object => ({
  id: idFrom(seed, 'msg_'),
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
})

function stop(script: Script): { stop_reason: string; stop_sequence: string | null; stop_details?: object } {
  if (script.stop !== undefined) return { stop_reason: 'stop_sequence', stop_sequence: script.stop }
  if (script.ending === 'refusal')
    return {
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: { type: 'refusal', category: null, explanation: 'The sandbox was asked to refuse.' },
    }
  const reasons = { length: 'max_tokens', tool: 'tool_use', stop: 'end_turn' }
  return { stop_reason: reasons[script.ending], stop_sequence: null }
}

/** `final` adds what later passes read. The cached part is reported as a cache write, or as a read of a long history. */
function usage({ input, cached, resultTokens, output, reasoning, searches, fetches }: ScriptUsage, final: boolean): object {
  return {
    input_tokens: input - cached + (final ? resultTokens : 0),
    cache_creation_input_tokens: cached > 0 ? Math.ceil(cached / 2) : 0,
    cache_read_input_tokens: cached > 0 ? Math.floor(cached / 2) : 0,
    cache_creation: { ephemeral_5m_input_tokens: cached > 0 ? Math.ceil(cached / 2) : 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: final ? output + reasoning : 1,
    output_tokens_details: { thinking_tokens: final ? reasoning : 0 },
    service_tier: 'standard',
    inference_geo: 'global',
    ...(final && searches + fetches > 0 && { server_tool_use: { web_search_requests: searches, web_fetch_requests: fetches } }),
  }
}

/** A content block in both forms: whole, and as it is streamed. */
interface WireBlock {
  readonly whole: object
  readonly start: object
  readonly deltas: readonly object[]
}

const wireBlocks = (prompt: Prompt, { blocks }: Script): WireBlock[] => blocks.flatMap((block, index) => wireBlock(prompt, block, index))

function wireBlock(prompt: Prompt, block: Block, index: number): WireBlock[] {
  if (block.kind === 'text' || block.kind === 'refusal') return [textBlock(block)]
  if (block.kind === 'reasoning') {
    const signature = seal('thinking', block.text)
    const thinking = prompt.reasoning.shown ? block.text : ''
    const deltas = pieces(thinking).map((piece) => ({ type: 'thinking_delta', thinking: piece }))
    return [
      {
        whole: { type: 'thinking', thinking, signature },
        start: { type: 'thinking', thinking: '', signature: '' },
        deltas: [...deltas, { type: 'signature_delta', signature }],
      },
    ]
  }
  if (block.kind === 'call') {
    const base = { type: 'tool_use', id: idFrom(prompt.seed, 'toolu_', index), name: block.name }
    return [callBlock(base, block.type === 'custom' ? JSON.stringify({ input: block.input }) : block.input)]
  }
  const id = idFrom(prompt.seed, 'srvtoolu_', index)
  const tool = block.kind === 'search' ? 'web_search' : 'web_fetch'
  const input = block.kind === 'search' ? { query: block.query } : { url: block.url }
  const result = { type: `${tool}_tool_result`, tool_use_id: id, caller: DIRECT, content: resultOf(block, tool) }
  return [callBlock({ type: 'server_tool_use', id, name: tool }, JSON.stringify(input)), { whole: result, start: result, deltas: [] }]
}

function callBlock(base: object, input: string): WireBlock {
  const parts = input === '{}' ? [''] : ['', ...fragments(input)]
  return {
    whole: { ...base, input: tryParseJson(input) ?? {}, caller: DIRECT },
    start: { ...base, input: {}, caller: DIRECT },
    deltas: parts.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  }
}

function textBlock(block: Block & { kind: 'text' | 'refusal' }): WireBlock {
  const deltas = pieces(block.text).map((text) => ({ type: 'text_delta', text }))
  if (block.kind === 'refusal' || block.cites === undefined) {
    return { whole: { type: 'text', text: block.text }, start: { type: 'text', text: '' }, deltas }
  }
  const citations = block.cites.map(citation)
  return {
    whole: { type: 'text', text: block.text, citations },
    start: { type: 'text', text: '', citations: [] },
    deltas: [...citations.map((each) => ({ type: 'citations_delta', citation: each })), ...deltas],
  }
}

const citation = (hit: Hit): object => ({
  type: 'web_search_result_location',
  cited_text: quotation(firstSentence(hit)),
  url: hit.url,
  title: hit.title,
  encrypted_index: seal('index', `${hit.url}\n0\n${firstSentence(hit).length}`),
})

function resultOf(block: Block & { kind: 'search' | 'fetch' }, tool: string): object {
  if (typeof block.outcome === 'string') return { type: `${tool}_tool_result_error`, error_code: block.outcome }
  if (block.kind === 'search')
    return block.outcome.map(({ url, title, age }) => ({
      type: 'web_search_result',
      title,
      url,
      encrypted_content: seal('search', sealedPage(url, title)),
      page_age: age,
    }))
  const { title, text } = block.outcome
  const source = { type: 'text', media_type: 'text/plain', data: text }
  return {
    type: 'web_fetch_result',
    url: block.url,
    retrieved_at: RETRIEVED,
    content: { type: 'document', title, source, citations: null },
  }
}

function* stream(prompt: Prompt, answer: Answer): Frames {
  const script = answer.choices[0] as Script
  yield event('message_start', { message: { ...message(prompt), usage: usage(answer.usage, false) } })
  for (const [index, block] of wireBlocks(prompt, script).entries()) {
    yield event('content_block_start', { index, content_block: block.start })
    if (index === 0) yield event('ping', {})
    for (const delta of block.deltas) {
      yield PIECE
      yield event('content_block_delta', { index, delta })
    }
    yield event('content_block_stop', { index })
  }
  yield event('message_delta', { delta: { ...stop(script) }, usage: usage(answer.usage, true) })
  yield event('message_stop', {})
}
