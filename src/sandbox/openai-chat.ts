// Prints an answer as Chat Completions, whole or streamed.

import { openaiError, openaiFailure } from './openai-checks.ts'
import { type Link, linked } from './openai-links.ts'
import { type Frames, PIECE, type Wire } from './play.ts'
import type { Prompt } from './prompt.ts'
import type { Answer, Block, CallBlock, Script, ScriptUsage } from './script.ts'
import { fragments, hash, idFrom, pieces } from './tokens.ts'

const CREATED = 1_768_478_400
const FINGERPRINT = 'fp_switchyardsandbox'

export const openaiChat: Wire = {
  streamType: () => 'text/event-stream; charset=utf-8',
  failure: openaiFailure,
  unary(prompt, answer) {
    return {
      id: idFrom(prompt.seed, 'chatcmpl-'),
      object: 'chat.completion',
      created: CREATED,
      model: prompt.model,
      choices: answer.choices.map((script, index) => choice(prompt, script, index)),
      usage: usage(answer.usage),
      service_tier: 'default',
      system_fingerprint: FINGERPRINT,
    }
  },
  stream,
  errorFrame: (failure) => `data: ${JSON.stringify({ error: openaiError(failure) })}\n\n`,
  malformedFrame: () => 'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"bro\n\n',
}

function choice(prompt: Prompt, script: Script, index: number): object {
  const { blocks } = script
  let [content, reasoning, refusal] = ['', '', '']
  const links: Link[] = []
  for (const block of blocks) {
    if (block.kind === 'reasoning') reasoning += block.text
    if (block.kind === 'refusal') refusal += block.text
    if (block.kind !== 'text') continue
    const part = linked(block, Array.from(content).length)
    content += part.text
    links.push(...part.links)
  }
  const calls = blocks.filter((block) => block.kind === 'call')
  const legacy = calls.find(({ type }) => type === 'legacy')
  const tools = calls.filter(({ type }) => type !== 'legacy').map((call, at) => wholeCall(prompt, call, `${index}.${at}`))
  const silent = content === '' && (calls.length > 0 || refusal !== '')
  return {
    index,
    message: {
      role: 'assistant',
      content: silent ? null : content,
      ...(prompt.reasoning.shown && reasoning !== '' && { reasoning_content: reasoning }),
      refusal: refusal === '' ? null : refusal,
      annotations: links.map(annotation),
      ...(tools.length > 0 && { tool_calls: tools }),
      ...(legacy && { function_call: { name: legacy.name, arguments: legacy.input } }),
    },
    logprobs:
      prompt.logprobs === undefined
        ? null
        : { content: pieces(content).map((token) => logprob(token, prompt.logprobs ?? 0)), refusal: null },
    finish_reason: finish(script),
  }
}

function finish({ blocks, ending }: Script): string {
  if (ending === 'length') return 'length'
  const call = blocks.find((block) => block.kind === 'call')
  if (call === undefined || ending !== 'tool') return 'stop'
  return call.type === 'legacy' ? 'function_call' : 'tool_calls'
}

const annotation = ({ start, end, url, title }: Link): object => ({
  type: 'url_citation',
  url_citation: { start_index: start, end_index: end, title, url },
})

function wholeCall(prompt: Prompt, call: CallBlock, salt: string): object {
  const id = idFrom(prompt.seed, 'call_', salt)
  if (call.type === 'custom') return { id, type: 'custom', custom: { name: call.name, input: call.input } }
  return { id, type: 'function', function: { name: call.name, arguments: call.input } }
}

function logprob(token: string, top: number): object {
  const one = (text: string, value: number): object => ({ token: text, logprob: value, bytes: [...new TextEncoder().encode(text)] })
  const value = -(hash(token) % 1000) / 10_000
  const alternatives = ['', ' the', ' a', ' of', ' to'].map((text, i) => one(i === 0 ? token : text, value - i))
  return { ...one(token, value), top_logprobs: alternatives.slice(0, top) }
}

function usage({ input, cached, resultTokens, output, reasoning }: ScriptUsage): object {
  const prompt = input + resultTokens
  return {
    prompt_tokens: prompt,
    completion_tokens: output + reasoning,
    total_tokens: prompt + output + reasoning,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function* stream(prompt: Prompt, answer: Answer): Frames {
  const counted = (prompt.body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true
  const head = JSON.stringify({
    id: idFrom(prompt.seed, 'chatcmpl-'),
    object: 'chat.completion.chunk',
    created: CREATED,
    model: prompt.model,
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  }).slice(0, -1)
  const tail = counted ? ',"usage":null}\n\n' : '}\n\n'
  const open = answer.choices.map((script, index) => deltas(prompt, script, index))
  while (open.length > 0) {
    for (const [at, running] of [...open.entries()].reverse()) if (running.ended) open.splice(at, 1)
    for (const running of open) {
      const step = running.frames.next()
      if (step.done) running.ended = true
      else {
        if (step.value.piece) yield PIECE
        yield `data: ${head},"choices":[${step.value.text}]${tail}`
      }
    }
  }
  if (counted) yield `data: ${head},"choices":[],"usage":${JSON.stringify(usage(answer.usage))}}\n\n`
  yield 'data: [DONE]\n\n'
}

interface Running {
  readonly frames: Generator<{ piece: boolean; text: string }, void, undefined>
  ended: boolean
}

const deltas = (prompt: Prompt, script: Script, index: number): Running => ({ frames: choiceFrames(prompt, script, index), ended: false })

function* choiceFrames(prompt: Prompt, script: Script, index: number): Running['frames'] {
  const frame = (delta: object, end: string | null = null, logprobs: object | null = null): { piece: boolean; text: string } => ({
    piece: false,
    text: `{"index":${index},"delta":${JSON.stringify(delta)},"logprobs":${JSON.stringify(logprobs)},"finish_reason":${JSON.stringify(end)}}`,
  })
  const piece = (delta: object, logprobs: object | null = null): { piece: boolean; text: string } => ({
    ...frame(delta, null, logprobs),
    piece: true,
  })
  const onlyCalls = script.blocks.length > 0 && script.blocks.every(({ kind }) => kind === 'call')
  yield frame({ role: 'assistant', content: onlyCalls ? null : '', refusal: null })
  let length = 0
  let calls = 0
  for (const block of script.blocks) {
    if (block.kind === 'text') {
      const { text, links } = linked(block, length)
      length += Array.from(text).length
      for (const content of pieces(text))
        yield piece({ content }, prompt.logprobs === undefined ? null : { content: [logprob(content, prompt.logprobs)], refusal: null })
      if (links.length > 0) yield frame({ annotations: links.map(annotation) })
    } else if (block.kind === 'call') {
      yield* callFrames(prompt, block, { salt: `${index}.${calls}`, at: calls++, piece })
    } else for (const delta of plainDeltas(prompt, block)) yield piece(delta)
  }
  yield frame({}, finish(script))
}

function* plainDeltas(prompt: Prompt, block: Block): Generator<object, void, undefined> {
  if (block.kind === 'refusal') for (const refusal of pieces(block.text)) yield { refusal }
  if (block.kind === 'reasoning' && prompt.reasoning.shown) for (const text of pieces(block.text)) yield { reasoning_content: text }
}

interface CallPlace {
  readonly salt: string
  readonly at: number
  piece(delta: object): { piece: boolean; text: string }
}

function* callFrames(prompt: Prompt, call: CallBlock, { salt, at, piece }: CallPlace): Running['frames'] {
  if (call.type === 'legacy') {
    yield piece({ function_call: { name: call.name, arguments: '' } })
    for (const text of fragments(call.input)) yield piece({ function_call: { arguments: text } })
    return
  }
  const id = idFrom(prompt.seed, 'call_', salt)
  const custom = call.type === 'custom'
  yield piece({
    tool_calls: [
      {
        index: at,
        id,
        type: call.type,
        ...(custom ? { custom: { name: call.name, input: '' } } : { function: { name: call.name, arguments: '' } }),
      },
    ],
  })
  for (const text of fragments(call.input))
    yield piece({ tool_calls: [{ index: at, ...(custom ? { custom: { input: text } } : { function: { arguments: text } }) }] })
}
