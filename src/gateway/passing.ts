// A stream of the client's own format going by: frames as they are, watched for usage, an end and errors.
// Only frames that may carry one of these are decoded; only a renamed model and a usage frame that the
// client did not ask for are touched.

import { GatewayError } from '../core/errors.ts'
import type { Begun } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { sseDecoder } from '../lib/framing/sse.ts'
import { tryParseJson } from '../lib/json.ts'
import { membersOf, splice } from '../lib/json-splice.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import type { Admitted } from './admitted.ts'
import type { Enframer } from './enframe.ts'
import type { OpenStream, Piece } from './piece.ts'
import { scrubbed } from './scrub.ts'

/**
 * Reads until the first content, holding frames back.
 * @throws GatewayError when the stream fails, errs or ends before any content: nothing has reached the client.
 */
export async function openPassing(
  admitted: Admitted,
  candidate: Candidate,
  source: { response: UpstreamResponse; out: Enframer },
): Promise<OpenStream> {
  const stream = new PassingStream(admitted, candidate, source)
  try {
    await stream.open()
  } catch (thrown) {
    stream.cancel()
    throw thrown
  }
  return stream
}

/** Members that hold what a model says, thinks or asks for, in any format. */
const WORDS = /"(?:content|text|delta|thinking|reasoning|reasoning_content|partial_json|arguments)":\s*"((?:[^"\\]|\\.)*)"/g
const CHARACTERS_PER_TOKEN = 4

class PassingStream implements OpenStream {
  readonly #admitted: Admitted
  readonly #candidate: Candidate
  readonly #out: Enframer
  readonly #reader: ReturnType<UpstreamResponse['reader']>
  readonly #markers: readonly string[]
  readonly #text = new TextDecoder()
  readonly #frames = sseDecoder()
  readonly #renamed: string | undefined
  readonly #plain: boolean
  #pending = ''
  /** What stood in one read with the end, before it. */
  #before = ''
  /** The text of the last read. */
  #arrived = ''
  #content = false
  #framesSeen = 0
  /** Frames that went by undecoded, their length, and the shortest of them: by it words are told from what surrounds them. */
  #unread = 0
  #units = 0
  #shortest = ''
  /** The frame that began the answer, and the data of the last one, in formats that repeat them in their errors. */
  #opening: Frame | undefined
  #last = ''
  #ended = false
  /** Nothing after this frame belongs to the answer. */
  #sealed = false
  #failure: GatewayError | undefined
  #closed = false
  readonly #take = (frame: Frame): void => this.#takeFrame(frame)
  readonly #takeLast = (frame: Frame): void => this.#takeUnfinished(frame)

  constructor(admitted: Admitted, candidate: Candidate, { response, out }: { response: UpstreamResponse; out: Enframer }) {
    this.#admitted = admitted
    this.#candidate = candidate
    this.#out = out
    this.#reader = response.reader()
    this.#markers = admitted.call.format.watch.markers
    this.#renamed = candidate.upstreamModel === admitted.peek.model ? undefined : admitted.peek.model
    this.#plain = admitted.peek.framing === 'sse'
  }

  async open(): Promise<void> {
    const { record } = this.#admitted
    while (!this.#content && !this.#ended) {
      const { done, value } = await this.#reader.read()
      if (done) this.#close()
      else this.#read(value)
      if (this.#failure !== undefined) throw this.#failure
      if (done && !this.#content && !this.#ended) throw new GatewayError(this.#framesSeen === 0 ? 'upstream_empty' : 'upstream_cut')
    }
    // Nothing but its own terminator: the upstream answered with nothing. A lone frame that tells why it ends is an answer.
    if (!this.#content && this.#sealed && this.#framesSeen <= 1) throw new GatewayError('upstream_empty')
    record.spoke = this.#content
    record.passedTokens = () => this.#tokens
  }

  async next(): Promise<Piece> {
    try {
      for (let value: Uint8Array | undefined; !this.#sealed && !this.#closed; ) {
        if (this.#before !== '') return this.#beforeEnd()
        if (this.#pending !== '' && !this.#ended) return this.#piece(value)
        const read = await this.#reader.read()
        value = read.value
        if (read.done) this.#close()
        else this.#read(read.value)
      }
    } catch (thrown) {
      this.#closed = true
      this.#failure ??= GatewayError.from(thrown)
      this.#ended = false
    }
    return this.#before === '' ? this.#closing() : this.#beforeEnd()
  }

  #beforeEnd(): Piece {
    const bytes = this.#before
    this.#before = ''
    return { bytes, last: false }
  }

  /** What its frames hold, roughly: each is a token at least. */
  get #tokens(): number {
    let around = this.#shortest.length
    for (const [, words = ''] of this.#shortest.matchAll(WORDS)) around -= words.length
    return Math.max(this.#unread, Math.ceil((this.#units - this.#unread * around) / CHARACTERS_PER_TOKEN))
  }

  cancel(): void {
    this.#closed = true
    this.#reader.cancel()
  }

  #read(bytes: Uint8Array): void {
    this.#arrived = this.#text.decode(bytes, { stream: true })
    this.#frames.push(this.#arrived, this.#take)
  }

  #close(): void {
    this.#closed = true
    this.#frames.end(this.#takeLast)
  }

  /** Hands the upstream's own bytes on when they were whole frames and needed no change. */
  #piece(bytes: Uint8Array | undefined): Piece {
    const text = this.#pending
    this.#pending = ''
    // Equal lengths alone prove nothing: events of one size, cut at one place, have them too.
    const untouched = bytes !== undefined && text.length === bytes.length && text === this.#arrived
    return { bytes: untouched ? bytes : text, last: false }
  }

  #closing(): Piece {
    const pending = this.#pending
    this.#pending = ''
    const { format, requestId } = this.#admitted.call
    const { terminator } = format.watch
    if (this.#ended) {
      const missing = terminator !== undefined && !this.#sealed ? this.#out.frame(terminator) : ''
      return { bytes: pending + missing + this.#out.end(), last: true, ...(this.#failure && { error: this.#failure }) }
    }
    // The connection closed cleanly without the format's own last event: that is a cut, whatever it looks like.
    const error = this.#failure ?? new GatewayError('upstream_cut')
    const frame = this.#out.frame(format.encodeErrorFrame(error, requestId, this.#begun))
    return { bytes: pending + frame + this.#out.end(), last: true, error }
  }

  get #begun(): Begun | undefined {
    return this.#opening === undefined ? undefined : { opening: this.#named(this.#opening).data, last: this.#last }
  }

  /** A block that the end of the bytes cut short: whole without its blank line, or torn and not for any reader. */
  #takeUnfinished({ raw: _unfinished, ...frame }: Frame): void {
    if (frame.data.trim() === '[DONE]' || tryParseJson(frame.data) !== undefined) this.#takeFrame(frame)
  }

  #takeFrame(frame: Frame): void {
    if (this.#sealed) return
    if (frame.comment) return this.#pass(frame)
    this.#framesSeen++
    const { data } = frame
    // OpenAI's end mark, which some relays put behind every stream, is fatal to the SDKs of formats without one.
    if (data === '[DONE]' && this.#admitted.call.format.watch.terminator === undefined) return
    let marked = false
    for (const marker of this.#markers) {
      if (data.includes(marker) || frame.event?.includes(marker) === true) {
        marked = true
        break
      }
    }
    if (!marked) {
      if (!looksWhole(data)) return this.#fail(new GatewayError('upstream_malformed'), undefined)
      this.#content = true
      this.#count(frame)
      return this.#pass(frame)
    }
    const sighting = this.#admitted.call.format.watch.frame(frame)
    if (sighting.usage !== undefined) this.#admitted.record.addUsage(sighting.usage)
    if (sighting.content === true) this.#content = true
    const spliced = sighting.start === true && this.#opening !== undefined
    if (sighting.start === true) this.#opening ??= frame
    const failure = spliced ? new GatewayError('upstream_malformed') : sighting.error
    if (failure !== undefined) return this.#fail(failure, spliced ? undefined : frame)
    if (sighting.end === true && !this.#ended) {
      // What tells the client that it has everything is the last piece, or nothing could be done before it leaves.
      this.#before = this.#pending
      this.#pending = ''
      this.#ended = true
    }
    if (sighting.usageOnly === true && this.#admitted.peek.hidesUsage === true) return
    this.#pass(frame)
    if (sighting.sealed === true) this.#sealed = true
  }

  #count({ data, event }: Frame): void {
    // In formats whose blocks have ends, those repeat all words.
    if (event?.endsWith('.done') === true) return
    this.#unread++
    this.#units += data.length
    if (this.#shortest === '' || data.length < this.#shortest.length) this.#shortest = data
  }

  /** The upstream's own words when they are safe to repeat, else ours. Nothing follows them. */
  #fail(error: GatewayError, frame: Frame | undefined): void {
    const { format, requestId } = this.#admitted.call
    this.#failure = scrubbed(error, this.#candidate)
    this.#ended = true
    const safe = frame !== undefined && this.#failure === error && error.details.wire !== undefined
    this.#pass(safe ? frame : format.encodeErrorFrame(this.#failure, requestId, this.#begun))
    this.#sealed = true
  }

  #named(frame: Frame): Frame {
    return this.#renamed === undefined ? frame : renamed(frame, this.#admitted.call.format.watch.modelPath, this.#renamed)
  }

  #pass(passing: Frame): void {
    const frame = this.#named(passing)
    if (!frame.comment) this.#last = frame.data
    this.#pending += this.#plain ? (frame.raw ?? this.#out.frame(frame)) : this.#out.frame(frame)
  }
}

/** Whether the data is JSON, judged by its ends: parsing every frame would cost more than carrying it. */
const looksWhole = (data: string): boolean =>
  (data.charCodeAt(0) === 123 && data.charCodeAt(data.length - 1) === 125) || data === '' || tryParseJson(data) !== undefined

/** The frame under another model name. Only the member that names the model: a tool may have an argument of that name. */
function renamed(frame: Frame, path: readonly string[], model: string): Frame {
  if (!namesModel(frame.data, path)) return frame
  const data = splice(frame.data, [{ op: 'set', path, value: model }])
  const { raw, ...rest } = frame
  // Data of several lines stands in the raw text in pieces; it is written anew.
  return raw?.includes(frame.data) === true ? { ...rest, data, raw: raw.replace(frame.data, () => data) } : { ...rest, data }
}

function namesModel(text: string, path: readonly string[]): boolean {
  if (!text.includes(`"${path.at(-1)}"`)) return false
  let from = 0
  for (const key of path) {
    const member = membersOf(text, from).find((candidate) => candidate.key === key)
    if (member === undefined) return false
    from = member.valueStart
  }
  return text.charCodeAt(from) === 34
}
