// One candidate of an answer as it arrives, part by part. Text and thoughts are increments and stay open
// until another kind comes. What concerns the whole candidate (grounding, finish) is told at the end.

import type { ServerToolResultBlock } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Signature } from '../../../core/signature.ts'
import { asArray, asObject, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { type BlockWriter, blockWriter, type Emit } from './block-writer.ts'
import { callDecoder } from './call-decode.ts'
import { decodeFinish, isBroken, statedReason } from './finish.ts'
import { citationsOf, recitations, saysSomething, searchesOf, type TextSpan, utf8Length } from './grounding.ts'
import { jsonWay } from './json-plan.ts'
import { decodeLogprobs } from './logprobs.ts'
import { typeByName } from './media.ts'
import { modelFacts } from './models.ts'
import type { NameMap } from './names.ts'
import { readSignature } from './signatures.ts'
import { FORMAT, REDACTED_MARK } from './wire.ts'

export interface CandidateContext {
  readonly ctx: ChatContext
  readonly names: NameMap
  readonly idFor: (wireId: string | undefined) => string
}

export interface CandidateDecoder {
  /** Takes one frame's candidate. @throws GatewayError `upstream_malformed` */
  push(candidate: JsonObject, emit: Emit): void
  /** Closes what is open and tells what was found. */
  close(emit: Emit): void
  finish(emit: Emit): void
  readonly hasContent: boolean
  readonly hasFinish: boolean
  /** Ended by a failure of the model's, with nothing to show for it. */
  readonly isBarren: boolean
  /** Gemini's own word for the end. */
  readonly reason: string | undefined
  /** Web searches it was grounded on. */
  readonly searches: number
}

/** Members of a candidate that only Gemini's own clients read. */
const CARRIED = ['safetyRatings', 'avgLogprobs', 'urlContextMetadata', 'continuationToken', 'finishMessage', 'citationMetadata'] as const

export function candidateDecoder(choice: number, { ctx, names, idFor }: CandidateContext): CandidateDecoder {
  const writer = blockWriter(choice)
  const single = ctx.request.parallelToolCalls === false
  const json = jsonWay(ctx.request, modelFacts(ctx.upstreamModel))
  const calls = callDecoder({ writer, names, idFor, single, plan: json.way === 'call' ? json.plan : undefined })
  const words = textRecord()
  const carried: JsonObject = {}
  let content = false
  let grounding: JsonObject | undefined
  let raw: string | undefined

  function addText(kind: 'text' | 'reasoning', text: string, signature: Signature | undefined): void {
    // An empty piece says nothing by itself; its signature belongs to what stands before it.
    const closes = text === '' && (signature === undefined || writer.open === 'text' || writer.open === 'reasoning')
    if (!closes) {
      const block = writer.begin(kind)
      content = true
      if (kind === 'text') words.add(block, text)
      if (text !== '') writer.emit({ type: `${kind}-delta`, text, choice, block })
    }
    if (signature !== undefined) writer.close(signature)
  }

  function addPart(part: JsonObject): void {
    const stated = readSignature(asString(part['thoughtSignature']))
    // Another format's signature on a text or call is that of reasoning which was kept from view.
    const foreign = stated !== undefined && stated.format !== FORMAT && part['thought'] !== true
    if (foreign) {
      content = true
      writeHidden(writer, stated)
    }
    const signature = foreign ? undefined : stated
    const text = part['text'] ?? asObject(part['audioTranscription'])?.['text']
    if (typeof text === 'string') return addText(part['thought'] === true ? 'reasoning' : 'text', text, signature)
    const call = asObject(part['functionCall'])
    if (call !== undefined) calls.add(call, signature)
    else if (!writeOther(writer, part, signature)) return
    content ||= call === undefined || calls.count > 0 || calls.answered
  }

  function push(candidate: JsonObject, emit: Emit): void {
    writer.emit = emit
    words.startFrame()
    for (const part of partsOf(candidate['content'])) {
      words.startPart()
      addPart(part)
    }
    if (saysSomething(candidate['groundingMetadata'])) grounding = candidate['groundingMetadata']
    for (const name of CARRIED) {
      const value = candidate[name]
      if (value !== undefined && value !== null && !(isObject(value) && Object.keys(value).length === 0)) carried[name] = value
    }
    const tokens = decodeLogprobs(candidate['logprobsResult'])
    if (tokens.length > 0) emit({ type: 'logprobs', choice, tokens })
    raw = statedReason(candidate['finishReason']) ?? raw
  }

  function close(emit: Emit): void {
    writer.emit = emit
    calls.end()
    const { spans } = words
    const recited = asObject(carried['citationMetadata'])
    const placed = [
      ...(grounding ? citationsOf(grounding, spans, words.partStarts()) : []),
      ...(recited ? recitations(recited, spans) : []),
    ]
    for (const { block, citation } of placed) emit({ type: 'citation', citation, choice, block })
    writer.close()
    if (grounding !== undefined) writeSearch(writer, grounding, ctx.ids.next('srvtoolu_'))
  }

  function finish(emit: Emit): void {
    if (grounding !== undefined) carried['groundingMetadata'] = grounding
    const extra = calls.count - 1
    if (single && extra > 0) {
      ctx.note({ kind: 'changed', field: 'parallel_tool_calls', reason: `${extra} further calls of the model were left out` })
    }
    const told = decodeFinish(raw, calls.count > 0, asString(carried['finishMessage']))
    emit({ type: 'finish', choice, finish: told, extensions: { [FORMAT]: carried } })
  }

  return {
    push,
    close,
    finish,
    get hasContent() {
      return content
    },
    get hasFinish() {
      return raw !== undefined
    },
    get isBarren() {
      return !content && isBroken(raw)
    },
    get reason() {
      return raw
    },
    get searches() {
      return grounding === undefined ? 0 : (searchesOf(grounding)?.queries.length ?? 0)
    },
  }
}

function partsOf(content: JsonValue | undefined): JsonObject[] {
  const parts = asArray(asObject(content)?.['parts']) ?? []
  return parts.map((part) => {
    if (isObject(part)) return part
    throw new GatewayError('upstream_malformed', { message: 'The upstream sent a part that is no object.' })
  })
}

/** The answer's text by block, and where its parts began. */
function textRecord() {
  const spans: TextSpan[] = []
  let bytes = 0
  let frames = 0
  let starts: number[] = []
  return {
    spans,
    add(block: number, text: string): void {
      const last = spans.at(-1)
      if (last?.block === block) last.text += text
      else spans.push({ block, text })
      bytes += utf8Length(text)
    },
    startFrame(): void {
      frames++
      starts = []
    },
    startPart: (): void => void starts.push(bytes),
    /** Segments count the parts of a whole answer; of a stream they mean its text as a whole. */
    partStarts: (): readonly number[] => (frames === 1 ? starts : []),
  }
}

function writeHidden(writer: BlockWriter, signature: Signature): void {
  const { choice } = writer
  const block = writer.next()
  const { format, value } = signature
  const sealed = value.startsWith(REDACTED_MARK)
  writer.emit({ type: 'reasoning-start', choice, block, ...(sealed && { redacted: { format, value: value.slice(REDACTED_MARK.length) } }) })
  writer.emit({ type: 'reasoning-end', choice, block, ...(!sealed && { signature }) })
}

/** Media, and parts that are carried unread. False for a part that says nothing. */
function writeOther(writer: BlockWriter, part: JsonObject, signature: Signature | undefined): boolean {
  const { choice } = writer
  const blob = asObject(part['inlineData'])
  const data = asString(blob?.['data'])
  if (blob !== undefined && !data) return false
  const mediaType = asString(blob?.['mimeType']) ?? 'application/octet-stream'
  // Pictures inside thoughts are drafts, not the answer.
  if (data !== undefined && part['thought'] !== true) {
    const source = { kind: 'base64' as const, mediaType, data }
    if (/^audio\//i.test(mediaType)) {
      writer.emit({ type: 'media', media: { type: 'audio', source }, choice, block: writer.begin('audio', mediaType) })
      return true
    }
    if (/^image\//i.test(mediaType)) {
      writer.emit({ type: 'media', media: { type: 'image', source, ...(signature && { signature }) }, choice, block: writer.next() })
      return true
    }
  }
  const file = asObject(part['fileData'])
  const url = asString(file?.['fileUri']) ?? ''
  const fileType = asString(file?.['mimeType']) ?? typeByName(url)
  if (/^https?:/i.test(url) && /^image\//i.test(fileType)) {
    writer.emit({
      type: 'media',
      media: { type: 'image', source: { kind: 'url', url, mediaType: fileType } },
      choice,
      block: writer.next(),
    })
    return true
  }
  if (Object.keys(part).some((key) => key !== 'thought' && key !== 'thoughtSignature')) {
    writer.emit({ type: 'opaque', format: FORMAT, wire: part, choice, block: writer.next() })
    return true
  }
  return false
}

/** The search Gemini ran, as a call and its result behind the answer: it is told with the answer's end. */
function writeSearch(writer: BlockWriter, grounding: JsonObject, id: string): void {
  const found = searchesOf(grounding)
  if (found === undefined) return
  const { choice } = writer
  const query = found.queries[0] as string
  const block = writer.next()
  writer.emit({ type: 'server-tool-start', id, name: 'web_search', choice, block })
  writer.emit({
    type: 'server-tool-delta',
    text: JSON.stringify(found.queries.length === 1 ? { query } : { query, queries: found.queries }),
    choice,
    block,
  })
  writer.emit({ type: 'server-tool-end', choice, block })
  const result: ServerToolResultBlock = { type: 'server-tool-result', callId: id, name: 'web_search', results: found.results }
  writer.emit({ type: 'server-tool-result', result, choice, block: writer.next() })
}
