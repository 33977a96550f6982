// One candidate of an answer as it arrives, part by part. Text and thoughts are increments and stay open
// until another kind comes; calls are whole, but for Vertex's streamed arguments. What concerns the whole
// candidate (grounding, finish) is kept and told at the end.

import type { ChatEvent } from '../../../core/chat-event.ts'
import type { TokenLogprob } from '../../../core/chat.ts'
import { GatewayError } from '../../../core/errors.ts'
import { type Signature, unpackSignature } from '../../../core/signature.ts'
import { asArray, asNumber, asObject, asString, isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import { decodeFinish, isBroken, statedReason } from './finish.ts'
import { citationsOf, recitations, saysSomething, searchesOf, type TextSpan } from './grounding.ts'
import { typeByName } from './media.ts'
import type { NameMap } from './names.ts'
import { type ArgumentBuilder, argumentBuilder } from './partial-args.ts'
import { argumentText } from './parts.ts'
import { CUSTOM_INPUT, FORMAT, REDACTED_MARK } from './wire.ts'

export type Emit = (event: ChatEvent) => void

export interface CandidateContext {
  readonly ctx: ChatContext
  readonly names: NameMap
  /** A call id unique over the conversation; the upstream's own when it is free. */
  readonly idFor: (wireId: string | undefined) => string
}

export interface CandidateDecoder {
  /** Takes one frame's candidate. @throws GatewayError `upstream_malformed` */
  push(candidate: JsonObject, emit: Emit): void
  /** Closes what is open. */
  close(emit: Emit): void
  /** Emits the finish. */
  finish(emit: Emit): void
  readonly hasContent: boolean
  readonly hasFinish: boolean
  /** Ended by a failure of the model's, with nothing to show for it. */
  readonly isBarren: boolean
  /** Raw reason of the finish. */
  readonly reason: string | undefined
  readonly searches: number
}

interface OpenBlock {
  readonly kind: 'text' | 'reasoning' | 'audio'
  readonly block: number
  readonly mediaType?: string
}
interface OpenCall {
  /** Absent: a call too many, read and left out. */
  readonly block: number | undefined
  readonly name: string
  readonly args: ArgumentBuilder
  signature: Signature | undefined
}

/** Members of a candidate that only Gemini's own clients read. */
const CARRIED = ['safetyRatings', 'avgLogprobs', 'urlContextMetadata', 'continuationToken', 'finishMessage', 'citationMetadata'] as const

export function candidateDecoder(choice: number, { ctx, names, idFor }: CandidateContext): CandidateDecoder {
  const spans: TextSpan[] = []
  const carried: JsonObject = {}
  let partStarts: number[] = []
  let textBytes = 0
  let pushes = 0
  let nextBlock = 0
  let open: OpenBlock | undefined
  let call: OpenCall | undefined
  let calls = 0
  let content = false
  let grounding: JsonObject | undefined
  let raw: string | undefined

  const single = ctx.request.parallelToolCalls === false

  function closeOpen(emit: Emit, signature?: Signature): void {
    if (open === undefined) return
    const { kind, block } = open
    open = undefined
    if (kind !== 'audio') emit({ type: `${kind}-end`, choice, block, ...(signature && { signature }) })
  }

  function opened(kind: OpenBlock['kind'], emit: Emit, mediaType?: string): number {
    if (open?.kind === kind && open.mediaType === mediaType) return open.block
    closeOpen(emit)
    const block = nextBlock++
    open = { kind, block, ...(mediaType !== undefined && { mediaType }) }
    if (kind === 'text') spans.push({ block, text: '' })
    if (kind !== 'audio') emit({ type: `${kind}-start`, choice, block })
    return block
  }

  function addText(kind: 'text' | 'reasoning', text: string, signed: { signature: Signature | undefined; emit: Emit }): void {
    const { signature, emit } = signed
    // An empty piece says nothing by itself; its signature belongs to what stands before it.
    if (text === '' && (signature === undefined || (open !== undefined && open.kind !== 'audio'))) return closeSigned(signature, emit)
    const block = opened(kind, emit)
    content = true
    if (text !== '') {
      if (kind === 'text') {
        const span = spans.at(-1) as TextSpan
        span.text += text
        textBytes += byteLength(text)
      }
      emit({ type: `${kind}-delta`, text, choice, block })
    }
    closeSigned(signature, emit)
  }
  const closeSigned = (signature: Signature | undefined, emit: Emit): void => {
    if (signature !== undefined) closeOpen(emit, signature)
  }

  function addCall(wire: JsonObject, signature: Signature | undefined, emit: Emit): void {
    const name = asString(wire['name']) ?? ''
    const streams = wire['partialArgs'] !== undefined && wire['partialArgs'] !== null
    if (call !== undefined && (name === '' || (streams && name === call.name))) return continueCall(call, wire, { signature, emit })
    endCall(emit)
    if (name === '') {
      // The empty end mark of a streamed call that was not needed.
      if (wire['args'] === undefined && !streams) return
      throw new GatewayError('upstream_malformed', { message: 'The upstream sent a function call without a name.' })
    }
    content = true
    calls++
    const goesOn = streams || wire['willContinue'] === true
    if (single && calls > 1) {
      if (goesOn) call = { block: undefined, name, args: argumentBuilder(), signature }
      return
    }
    closeOpen(emit)
    const block = nextBlock++
    const wireId = asString(wire['id']) || undefined
    const client = names.toClient(name)
    const id = idFor(wireId)
    const kind = names.isCustom(client) ? 'custom' : 'function'
    emit({ type: 'tool-call-start', id, name: client, kind, choice, block, ...(wireId === id && { extensions: { [FORMAT]: { id } } }) })
    if (goesOn) {
      call = { block, name, args: argumentBuilder(), signature }
      if (streams) continueCall(call, wire, { signature, emit })
      return
    }
    emitArguments(block, argumentsOf(wire['args'] ?? undefined, kind === 'custom'), emit)
    emit({ type: 'tool-call-end', choice, block, ...(signature && { signature }) })
  }

  function continueCall(current: OpenCall, wire: JsonObject, signed: { signature: Signature | undefined; emit: Emit }): void {
    current.signature = signed.signature ?? current.signature
    const pieceGoesOn = current.args.add(wire['partialArgs'])
    // The last frame may simply lack the mark.
    if (wire['willContinue'] !== true && !pieceGoesOn) endCall(signed.emit)
  }

  function endCall(emit: Emit): void {
    if (call === undefined) return
    const { block, name, args, signature } = call
    call = undefined
    if (block === undefined) return
    const custom = names.isCustom(names.toClient(name))
    emitArguments(block, custom ? customInput(args.text()) : args.text(), emit)
    emit({ type: 'tool-call-end', choice, block, ...(signature && { signature }) })
  }

  function emitArguments(block: number, text: string, emit: Emit): void {
    if (text !== '') emit({ type: 'tool-call-delta', text, choice, block })
  }

  function addInline(blob: JsonObject, part: JsonObject, signed: { signature: Signature | undefined; emit: Emit }): void {
    const mediaType = asString(blob['mimeType']) ?? 'application/octet-stream'
    const data = asString(blob['data'])
    if (data === undefined || data === '') return
    const source = { kind: 'base64' as const, mediaType, data }
    const { signature, emit } = signed
    if (part['thought'] === true || !/^(?:image|audio)\//i.test(mediaType)) return addOpaque(part, emit)
    content = true
    if (/^audio\//i.test(mediaType)) return emit({ type: 'media', media: { type: 'audio', source }, choice, block: opened('audio', emit, mediaType) })
    closeOpen(emit)
    emit({ type: 'media', media: { type: 'image', source, ...(signature && { signature }) }, choice, block: nextBlock++ })
  }

  function addFile(file: JsonObject, part: JsonObject, emit: Emit): void {
    const url = asString(file['fileUri']) ?? ''
    const mediaType = asString(file['mimeType']) ?? typeByName(url)
    if (!/^https?:/i.test(url) || !/^image\//i.test(mediaType)) return addOpaque(part, emit)
    content = true
    closeOpen(emit)
    emit({ type: 'media', media: { type: 'image', source: { kind: 'url', url, mediaType } }, choice, block: nextBlock++ })
  }

  function addOpaque(part: JsonObject, emit: Emit): void {
    content = true
    closeOpen(emit)
    emit({ type: 'opaque', format: FORMAT, wire: part, choice, block: nextBlock++ })
  }

  function addPart(part: JsonObject, emit: Emit): void {
    const packed = asString(part['thoughtSignature'])
    const stated = packed ? unpackSignature(packed, FORMAT) : undefined
    // Another format's signature on a text or call is that of reasoning which was kept from view.
    const foreign = stated !== undefined && stated.format !== FORMAT && part['thought'] !== true
    if (foreign) addHidden(stated, emit)
    const signature = foreign ? undefined : stated
    const spoken = asObject(part['audioTranscription'])?.['text']
    const text = part['text'] ?? spoken
    if (typeof text === 'string') return addText(part['thought'] === true ? 'reasoning' : 'text', text, { signature, emit })
    const wireCall = asObject(part['functionCall'])
    if (wireCall !== undefined) return addCall(wireCall, signature, emit)
    const blob = asObject(part['inlineData'])
    if (blob !== undefined) return addInline(blob, part, { signature, emit })
    const file = asObject(part['fileData'])
    if (file !== undefined) return addFile(file, part, emit)
    const kinds = Object.keys(part).filter((key) => key !== 'thought' && key !== 'thoughtSignature')
    if (kinds.length > 0) addOpaque(part, emit)
    else if (signature !== undefined) addText('text', '', { signature, emit })
  }

  function addHidden(signature: Signature, emit: Emit): void {
    closeOpen(emit)
    content = true
    const block = nextBlock++
    const redacted = signature.value.startsWith(REDACTED_MARK) ? { format: signature.format, value: signature.value.slice(REDACTED_MARK.length) } : undefined
    emit({ type: 'reasoning-start', choice, block, ...(redacted && { redacted }) })
    emit({ type: 'reasoning-end', choice, block, ...(redacted === undefined && { signature }) })
  }

  function push(candidate: JsonObject, emit: Emit): void {
    const parts = partsOf(candidate['content'])
    pushes++
    const starts: number[] = []
    for (const part of parts) {
      starts.push(textBytes)
      addPart(part, emit)
    }
    // Segment indexes count parts of a whole answer; of a stream only its text as a whole is meant.
    partStarts = pushes === 1 ? starts : []
    if (saysSomething(candidate['groundingMetadata'])) grounding = candidate['groundingMetadata']
    for (const name of CARRIED) {
      const value = candidate[name]
      if (value !== undefined && value !== null && !(isObject(value) && Object.keys(value).length === 0)) carried[name] = value
    }
    const tokens = logprobsOf(candidate['logprobsResult'])
    if (tokens.length > 0) emit({ type: 'logprobs', choice, tokens })
    raw = statedReason(candidate['finishReason']) ?? raw
  }

  function close(emit: Emit): void {
    endCall(emit)
    for (const { block, citation } of placed()) emit({ type: 'citation', citation, choice, block })
    closeOpen(emit)
    const found = grounding && searchesOf(grounding)
    if (found !== undefined) {
      const id = ctx.ids.next('srvtoolu_')
      const block = nextBlock++
      const input = found.queries.length === 1 ? { query: found.queries[0] as string } : { query: found.queries[0] as string, queries: found.queries }
      emit({ type: 'server-tool-start', id, name: 'web_search', choice, block })
      emit({ type: 'server-tool-delta', text: JSON.stringify(input), choice, block })
      emit({ type: 'server-tool-end', choice, block })
      emit({ type: 'server-tool-result', result: { type: 'server-tool-result', callId: id, name: 'web_search', results: found.results }, choice, block: nextBlock++ })
    }
  }

  const placed = () => [
    ...(grounding === undefined ? [] : citationsOf(grounding, spans, partStarts)),
    ...(isObject(carried['citationMetadata']) ? recitations(carried['citationMetadata'], spans) : []),
  ]

  function finish(emit: Emit): void {
    if (grounding !== undefined) carried['groundingMetadata'] = grounding
    if (single && calls > 1) ctx.note({ kind: 'changed', field: 'parallel_tool_calls', reason: `${calls - 1} further calls of the model were left out` })
    const message = asString(carried['finishMessage'])
    emit({ type: 'finish', choice, finish: decodeFinish(raw, calls > 0, message), extensions: { [FORMAT]: carried } })
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

const encoder = new TextEncoder()
const byteLength = (text: string): number => encoder.encode(text).length

function partsOf(content: JsonValue | undefined): JsonObject[] {
  const parts = asArray(asObject(content)?.['parts']) ?? []
  return parts.map((part) => {
    if (isObject(part)) return part
    throw new GatewayError('upstream_malformed', { message: 'The upstream sent a part that is no object.' })
  })
}

/** Arguments as JSON text; a free-text tool's one string unwrapped. */
function argumentsOf(args: JsonValue | undefined, custom: boolean): string {
  // No `args` at all is a call without arguments.
  const text = args === undefined ? '{}' : isObject(args) ? argumentText(args) : typeof args === 'string' ? args : JSON.stringify(args)
  return custom ? customInput(text) : text
}

function customInput(text: string): string {
  try {
    const args: unknown = JSON.parse(text)
    const input = isObject(args) ? args[CUSTOM_INPUT] : undefined
    return typeof input === 'string' ? input : text
  } catch {
    return text
  }
}

function logprobsOf(value: JsonValue | undefined): TokenLogprob[] {
  const result = asObject(value)
  const chosen = asArray(result?.['chosenCandidates']) ?? []
  const tops = asArray(result?.['topCandidates']) ?? []
  return chosen.flatMap((item, index) => {
    const token = tokenOf(item)
    if (token === undefined) return []
    const top = (asArray(asObject(tops[index])?.['candidates']) ?? []).flatMap((candidate) => tokenOf(candidate) ?? [])
    return [top.length > 0 ? { ...token, top } : token]
  })
}

function tokenOf(value: JsonValue | undefined): TokenLogprob | undefined {
  const candidate = asObject(value)
  const token = asString(candidate?.['token'])
  const logprob = asNumber(candidate?.['logProbability'])
  return token === undefined || logprob === undefined ? undefined : { token, logprob, bytes: [...encoder.encode(token)] }
}
