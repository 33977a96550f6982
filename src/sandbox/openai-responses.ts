// Prints an answer as a Responses object, whole or as its stream of events.

import type { JsonObject } from '../lib/json.ts'
import { openaiFailure } from './openai-checks.ts'
import { linked } from './openai-links.ts'
import { type Frames, PIECE, type Wire } from './play.ts'
import type { Prompt } from './prompt.ts'
import type { Answer, Block, Script, ScriptUsage } from './script.ts'
import { fragments, hash, idFrom, pieces, seal } from './tokens.ts'

const CREATED = 1_768_478_400

export const openaiResponses: Wire = {
  streamType: () => 'text/event-stream; charset=utf-8',
  failure: openaiFailure,
  unary: (prompt, answer) => response(prompt, { ...ended(answer), output: items(prompt, script(answer)) }),
  stream,
  errorFrame: (failure, _prompt, sent) =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', code: 'server_error', message: failure.message, param: null, sequence_number: sent })}\n\n`,
  malformedFrame: () => 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"bro\n\n',
}

const script = ({ choices }: Answer): Script => choices[0] as Script

/** Members by which an answer's end is told. */
function ended(answer: Answer): JsonObject {
  const cut = script(answer).ending === 'length'
  return {
    status: cut ? 'incomplete' : 'completed',
    completed_at: cut ? null : CREATED + 1,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    usage: usage(answer.usage),
  }
}

function usage({ input, cached, resultTokens, output, reasoning }: ScriptUsage): JsonObject {
  return {
    input_tokens: input + resultTokens,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output + reasoning,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + resultTokens + output + reasoning,
  }
}

function response({ seed, model, body }: Prompt, changed: object): JsonObject {
  return {
    id: idFrom(seed, 'resp_'),
    object: 'response',
    created_at: CREATED,
    status: 'in_progress',
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null, ...(body.reasoning as JsonObject | null | undefined) },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' }, verbosity: 'medium', ...(body.text as JsonObject | null | undefined) },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    usage: null,
    user: body.user ?? null,
    metadata: body.metadata ?? {},
    ...changed,
  }
}

/** One output item: its blocks, so that neighbouring texts share a message. */
interface Group {
  readonly kind: Block['kind']
  readonly blocks: Block[]
}

function groups({ blocks }: Script): Group[] {
  const result: Group[] = []
  for (const block of blocks) {
    if (block.kind === 'fetch') continue
    const last = result.at(-1)
    if (block.kind === 'text' && last?.kind === 'text') last.blocks.push(block)
    else result.push({ kind: block.kind, blocks: [block] })
  }
  return result
}

const items = (prompt: Prompt, from: Script): JsonObject[] =>
  groups(from).map((group, index, all) => item(prompt, group, { index, cut: from.ending === 'length' && index === all.length - 1 }))

interface Place {
  readonly index: number
  /** The item ends unfinished. */
  readonly cut: boolean
}

function item(prompt: Prompt, { kind, blocks }: Group, { index, cut }: Place): JsonObject {
  const status = cut ? 'incomplete' : 'completed'
  const [block] = blocks
  if (block?.kind === 'call') {
    const shared = {
      call_id: idFrom(prompt.seed, 'call_', index),
      name: block.name,
      ...(block.namespace !== undefined && { namespace: block.namespace }),
    }
    if (block.type === 'custom')
      return { id: idFrom(prompt.seed, 'ctc_', index), type: 'custom_tool_call', status, ...shared, input: block.input }
    return { id: idFrom(prompt.seed, 'fc_', index), type: 'function_call', status, ...shared, arguments: block.input }
  }
  if (block?.kind === 'reasoning') {
    const summary = prompt.reasoning.shown ? [{ type: 'summary_text', text: block.text }] : []
    return { id: idFrom(prompt.seed, 'rs_', index), type: 'reasoning', summary, encrypted_content: seal('reasoning', block.text) }
  }
  if (block?.kind === 'search') {
    const sources = typeof block.outcome === 'string' ? [] : block.outcome.map(({ url }) => ({ type: 'url', url }))
    const included = Array.isArray(prompt.body.include) && prompt.body.include.includes('web_search_call.action.sources')
    const action = { type: 'search', query: block.query, queries: [block.query], ...(included && { sources }) }
    return {
      id: idFrom(prompt.seed, 'ws_', index),
      type: 'web_search_call',
      status: typeof block.outcome === 'string' ? 'failed' : status,
      action,
    }
  }
  const content = kind === 'refusal' && block?.kind === 'refusal' ? { type: 'refusal', refusal: block.text } : textPart(prompt, blocks)
  return { id: idFrom(prompt.seed, 'msg_', index), type: 'message', status, role: 'assistant', phase: 'final_answer', content: [content] }
}

function textPart(prompt: Prompt, blocks: readonly Block[]): JsonObject {
  let text = ''
  const annotations: JsonObject[] = []
  for (const block of blocks) {
    if (block.kind !== 'text') continue
    const part = linked(block, Array.from(text).length)
    text += part.text
    for (const { start, end, url, title } of part.links)
      annotations.push({ type: 'url_citation', start_index: start, end_index: end, url, title })
  }
  return {
    type: 'output_text',
    text,
    annotations,
    logprobs: prompt.logprobs === undefined ? [] : pieces(text).map((token) => logprob(token, prompt.logprobs ?? 0)),
  }
}

function logprob(token: string, top: number): JsonObject {
  const value = -(hash(token) % 1000) / 10_000
  const bytes = [...new TextEncoder().encode(token)]
  return { token, logprob: value, bytes, top_logprobs: top === 0 ? [] : [{ token, logprob: value, bytes }] }
}

type Emit = (type: string, members: object) => string

function* stream(prompt: Prompt, answer: Answer): Frames {
  let sequence = 0
  const emit: Emit = (type, members) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...members })}\n\n`
  yield emit('response.created', { response: response(prompt, {}) })
  yield emit('response.in_progress', { response: response(prompt, {}) })
  const from = script(answer)
  const all = groups(from)
  const output = items(prompt, from)
  for (const [index, group] of all.entries()) {
    const whole = output[index] as JsonObject
    const at = { item_id: whole.id, output_index: index }
    if (group.kind === 'text' || group.kind === 'refusal') yield* messageEvents(prompt, group, { whole, at, emit })
    else if (group.kind === 'call') yield* callEvents(group.blocks[0] as Block & { kind: 'call' }, { whole, at, emit })
    else if (group.kind === 'reasoning')
      yield* reasoningEvents(prompt, group.blocks[0] as Block & { kind: 'reasoning' }, { whole, at, emit })
    else yield* searchEvents({ whole, at, emit })
    yield emit('response.output_item.done', { output_index: index, item: whole })
  }
  const end = ended(answer)
  yield emit(`response.${String(end.status)}`, { response: response(prompt, { ...end, output }) })
}

interface ItemStream {
  /** The finished item. */
  readonly whole: JsonObject
  readonly at: { readonly item_id: JsonObject['id']; readonly output_index: number }
  readonly emit: Emit
}

function* messageEvents(prompt: Prompt, { kind, blocks }: Group, { whole, at, emit }: ItemStream): Frames {
  const part = { ...at, content_index: 0 }
  const finished = (whole.content as JsonObject[])[0] as JsonObject
  const empty = kind === 'text' ? { type: 'output_text', text: '', annotations: [], logprobs: [] } : { type: 'refusal', refusal: '' }
  yield emit('response.output_item.added', { output_index: at.output_index, item: { ...whole, status: 'in_progress', content: [] } })
  yield emit('response.content_part.added', { ...part, part: empty })
  if (kind === 'refusal') {
    for (const delta of pieces(String(finished.refusal))) {
      yield PIECE
      yield emit('response.refusal.delta', { ...part, delta })
    }
    yield emit('response.refusal.done', { ...part, refusal: finished.refusal })
  } else {
    let length = 0
    let annotations = 0
    for (const block of blocks) {
      if (block.kind !== 'text') continue
      const { text, links } = linked(block, length)
      length += Array.from(text).length
      for (const delta of pieces(text)) {
        yield PIECE
        yield emit('response.output_text.delta', {
          ...part,
          delta,
          logprobs: prompt.logprobs === undefined ? [] : [logprob(delta, prompt.logprobs)],
        })
      }
      for (const _link of links) {
        const annotation = (finished.annotations as JsonObject[])[annotations]
        yield emit('response.output_text.annotation.added', { ...part, annotation_index: annotations++, annotation })
      }
    }
    yield emit('response.output_text.done', { ...part, text: finished.text, logprobs: finished.logprobs })
  }
  yield emit('response.content_part.done', { ...part, part: finished })
}

function* callEvents(call: Block & { kind: 'call' }, { whole, at, emit }: ItemStream): Frames {
  const custom = call.type === 'custom'
  const name = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
  const member = custom ? 'input' : 'arguments'
  yield emit('response.output_item.added', { output_index: at.output_index, item: { ...whole, status: 'in_progress', [member]: '' } })
  for (const delta of fragments(call.input)) {
    yield PIECE
    yield emit(`${name}.delta`, { ...at, delta })
  }
  yield emit(`${name}.done`, { ...at, ...(!custom && { name: call.name }), [member]: call.input })
}

function* reasoningEvents(prompt: Prompt, { text }: Block & { kind: 'reasoning' }, { whole, at, emit }: ItemStream): Frames {
  // The blob is whole only in the item's `done` event.
  yield emit('response.output_item.added', {
    output_index: at.output_index,
    item: { ...whole, summary: [], encrypted_content: seal('reasoning', '') },
  })
  if (!prompt.reasoning.shown) return
  const part = { ...at, summary_index: 0 }
  yield emit('response.reasoning_summary_part.added', { ...part, part: { type: 'summary_text', text: '' } })
  for (const delta of pieces(text)) {
    yield PIECE
    yield emit('response.reasoning_summary_text.delta', { ...part, delta })
  }
  yield emit('response.reasoning_summary_text.done', { ...part, text })
  yield emit('response.reasoning_summary_part.done', { ...part, part: { type: 'summary_text', text } })
}

function* searchEvents({ whole, at, emit }: ItemStream): Frames {
  const { action: _action, ...opened } = whole
  yield emit('response.output_item.added', { output_index: at.output_index, item: { ...opened, status: 'in_progress' } })
  for (const step of ['in_progress', 'searching', 'completed']) yield emit(`response.web_search_call.${step}`, at)
}
