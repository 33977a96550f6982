// Prints an answer as Gemini's GenerateContentResponse: whole, as SSE frames, or as one JSON array in pieces.

import { tryParseJson } from '../lib/json.ts'
import type { Hit } from './corpus.ts'
import { geminiError, geminiFailure } from './gemini-checks.ts'
import { type Frames, PIECE, type Wire } from './play.ts'
import type { Prompt } from './prompt.ts'
import type { Answer, Block, CallBlock, Script, ScriptUsage } from './script.ts'
import { hash, idFrom, pieces, seal } from './tokens.ts'

/** How a stream is framed: SSE with `alt=sse`, else one JSON array. */
export const gemini = (sse: boolean): Wire => ({
  streamType: () => (sse ? 'text/event-stream' : 'application/json; charset=UTF-8'),
  failure: geminiFailure,
  unary: (prompt, answer) => ({
    candidates: answer.choices.map((script, index) => candidate(prompt, script, index)),
    usageMetadata: usage(answer.usage),
    ...shared(prompt),
  }),
  stream: (prompt, answer) => (sse ? framed(chunks(prompt, answer)) : arrayed(chunks(prompt, answer))),
  errorFrame: (failure, _prompt, sent) =>
    sse ? `data: ${JSON.stringify(geminiError(failure))}\r\n\r\n` : `${sent === 0 ? '[' : ',\r\n'}${JSON.stringify(geminiError(failure))}]`,
  malformedFrame: () =>
    sse ? 'data: {"candidates":[{"content":{"parts":[{"text":"bro\r\n\r\n' : ',\r\n{"candidates":[{"content":{"parts":[{"text":"bro',
})

const shared = ({ model, seed }: Prompt): object => ({ modelVersion: model, responseId: idFrom(seed, '') })

function usage({ input, cached, resultTokens, output, reasoning }: ScriptUsage): object {
  return {
    promptTokenCount: input,
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    candidatesTokenCount: output,
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
    ...(resultTokens > 0 && { toolUsePromptTokenCount: resultTokens }),
    totalTokenCount: input + output + reasoning + resultTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
  }
}

type Part = Record<string, unknown>

function candidate(prompt: Prompt, script: Script, index: number): object {
  const parts: Part[] = []
  for (const part of partsOf(prompt, script, index)) {
    const last = parts.at(-1)
    // Pieces of one text are one part.
    if (
      typeof part.text === 'string' &&
      typeof last?.text === 'string' &&
      part.thought === last.thought &&
      last.thoughtSignature === undefined
    )
      parts[parts.length - 1] = { ...last, ...part, text: last.text + part.text }
    else parts.push(part)
  }
  return { ...(parts.length > 0 && { content: { parts, role: 'model' } }), ...ending(script), index, ...extras(prompt, script) }
}

const REASONS = { stop: 'STOP', tool: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' } as const
const ending = ({ ending: how }: Script): object => ({
  finishReason: REASONS[how],
  ...(how === 'refusal' && { finishMessage: 'The sandbox was asked to refuse.' }),
})

/** The parts of one candidate as they would stream: a piece of text each, a function call whole. */
function* partsOf(prompt: Prompt, { blocks }: Script, choice: number): Generator<Part, void, undefined> {
  const thought = blocks.find((block) => block.kind === 'reasoning')
  const lastText = blocks.findLastIndex(({ kind }) => kind === 'text')
  let calls = 0
  for (const [at, block] of blocks.entries()) {
    if (block.kind === 'reasoning' && prompt.reasoning.shown) for (const text of pieces(block.text)) yield { text, thought: true }
    if (block.kind === 'text') {
      const parts = pieces(block.text)
      for (const [i, text] of parts.entries()) {
        const signed = thought !== undefined && at === lastText && i === parts.length - 1
        yield { text, ...(signed && { thoughtSignature: seal('thought', thought.text) }) }
      }
    }
    if (block.kind === 'call') yield callPart(prompt, block, { salt: `${choice}.${calls}`, first: calls++ === 0 })
  }
}

// Only models of the third generation give their calls an id; only the first call of a turn is signed.
function callPart({ seed, model }: Prompt, call: CallBlock, { salt, first }: { salt: string; first: boolean }): Part {
  const id = model.startsWith('gemini-3') ? { id: idFrom(seed, '', salt) } : {}
  const args = tryParseJson(call.input) ?? {}
  return {
    functionCall: { ...id, name: call.name, args },
    ...(first && { thoughtSignature: seal('thought', `${call.name}${call.input}`) }),
  }
}

/** Members that come with the end of a candidate: grounding and log probabilities. */
function extras(prompt: Prompt, script: Script): object {
  const grounding = groundingOf(script.blocks)
  if (prompt.logprobs === undefined) return grounding
  const tokens = script.blocks.flatMap((block) => (block.kind === 'text' ? pieces(block.text) : []))
  const chosen = tokens.map((token) => ({ token, tokenId: hash(token) % 100_000, logProbability: -(hash(token) % 1000) / 10_000 }))
  const sum = chosen.reduce((total, { logProbability }) => total + logProbability, 0)
  const top = prompt.logprobs > 0 ? { topCandidates: chosen.map((token) => ({ candidates: [token] })) } : {}
  return { ...grounding, avgLogprobs: chosen.length === 0 ? 0 : sum / chosen.length, logprobsResult: { chosenCandidates: chosen, ...top } }
}

function groundingOf(blocks: readonly Block[]): object {
  const searches = blocks.filter((block) => block.kind === 'search')
  if (searches.length === 0) return {}
  const sources: Hit[] = []
  const supports: object[] = []
  let offset = 0
  for (const block of blocks) {
    if (block.kind !== 'text') continue
    // Offsets are UTF-8 bytes within the part; a start of zero is left out as JSON of protocol buffers does.
    const length = new TextEncoder().encode(block.text).length
    if (block.cites !== undefined) {
      const indices = block.cites.map((hit) => (sources.includes(hit) ? sources.indexOf(hit) : sources.push(hit) - 1))
      supports.push({
        segment: { ...(offset > 0 && { startIndex: offset }), endIndex: offset + length, text: block.text },
        groundingChunkIndices: indices,
      })
    }
    offset += length
  }
  return {
    groundingMetadata: {
      webSearchQueries: searches.map(({ query }) => query),
      searchEntryPoint: { renderedContent: '<div class="container">Switchyard sandbox search</div>' },
      groundingChunks: sources.map(({ url }) => ({ web: { uri: url, title: new URL(url).hostname, domain: new URL(url).hostname } })),
      groundingSupports: supports,
    },
  }
}

function* chunks(prompt: Prompt, answer: Answer): Generator<object | typeof PIECE, void, undefined> {
  const tail = shared(prompt)
  const early = { promptTokenCount: answer.usage.input, totalTokenCount: answer.usage.input }
  let open = answer.choices.map((script, index) => ({ script, index, parts: partsOf(prompt, script, index) }))
  while (open.length > 0) {
    const left: typeof open = []
    for (const [at, running] of open.entries()) {
      const { script, index, parts } = running
      const step = parts.next()
      const last = left.length === 0 && at === open.length - 1
      if (!step.done) {
        yield PIECE
        yield { candidates: [{ content: { parts: [step.value], role: 'model' }, index }], usageMetadata: early, ...tail }
        left.push(running)
        continue
      }
      const content = script.ending === 'refusal' ? {} : { content: { parts: [{ text: '' }], role: 'model' } }
      yield {
        candidates: [{ ...content, ...ending(script), index, ...extras(prompt, script) }],
        usageMetadata: last ? usage(answer.usage) : early,
        ...tail,
      }
    }
    open = left
  }
}

function* framed(source: Generator<object | typeof PIECE, void, undefined>): Frames {
  for (const chunk of source) yield chunk === PIECE ? PIECE : `data: ${JSON.stringify(chunk)}\r\n\r\n`
}

function* arrayed(source: Generator<object | typeof PIECE, void, undefined>): Frames {
  let first = true
  for (const chunk of source) {
    if (chunk === PIECE) {
      yield PIECE
      continue
    }
    yield `${first ? '[' : ',\r\n'}${JSON.stringify(chunk)}`
    first = false
  }
  yield ']'
}
