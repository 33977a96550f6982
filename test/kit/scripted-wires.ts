// One turn of a scripted model in each wire format, streamed or whole.

import { messages, responses } from './scripted-blocks.ts'
import type { Asked, Piece, Turn } from './scripted-model.ts'
import { type Context, callsOf, halves, type Said, sse, textOf, thoughtOf, type Wire, type WireOf } from './scripted-said.ts'
import type { Script } from './upstream.ts'

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

const WIRES = { chat, gemini, messages, responses } as const
