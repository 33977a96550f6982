// A stream of the client's own format going by: frames as they are, watched for usage, an end and errors.
// Only frames that may carry one of these are decoded; only a renamed model and a usage frame that the
// client did not ask for are touched.

import { GatewayError } from '../core/errors.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { sseDecoder } from '../lib/framing/sse.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import type { Admitted } from './admit.ts'
import type { Enframer } from './enframe.ts'
import type { OpenStream, Piece } from './piece.ts'

const MODEL_MEMBER = /"(?:model|modelVersion)"\s*:\s*"(?:[^"\\]|\\.)*"/

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

class PassingStream implements OpenStream {
  readonly #admitted: Admitted
  readonly #out: Enframer
  readonly #reader: ReturnType<UpstreamResponse['reader']>
  readonly #markers: readonly string[]
  readonly #text = new TextDecoder()
  readonly #frames = sseDecoder()
  readonly #renamed: string | undefined
  readonly #plain: boolean
  #pending = ''
  #altered = false
  #content = false
  #framesSeen = 0
  #ended = false
  #failure: GatewayError | undefined
  #closed = false
  readonly #take = (frame: Frame): void => this.#takeFrame(frame)

  constructor(admitted: Admitted, candidate: Candidate, { response, out }: { response: UpstreamResponse; out: Enframer }) {
    this.#admitted = admitted
    this.#out = out
    this.#reader = response.reader()
    this.#markers = admitted.call.format.watch.markers
    this.#renamed = candidate.upstreamModel === admitted.peek.model ? undefined : JSON.stringify(admitted.peek.model)
    this.#plain = admitted.peek.framing === 'sse'
  }

  async open(): Promise<void> {
    while (!this.#content && !this.#ended) {
      const { done, value } = await this.#reader.read()
      if (done) throw new GatewayError(this.#pending === '' ? 'upstream_empty' : 'upstream_cut')
      this.#read(value)
      if (this.#failure !== undefined) throw this.#failure
    }
    // Nothing but its own end mark: the upstream answered with nothing.
    if (!this.#content && this.#framesSeen <= 1) throw new GatewayError('upstream_empty')
    this.#altered = true
  }

  async next(): Promise<Piece> {
    if (this.#pending !== '') return this.#piece(undefined)
    if (this.#closed) return this.#closing()
    try {
      const { done, value } = await this.#reader.read()
      if (done) {
        this.#closed = true
        this.#frames.end(this.#take)
        return this.#pending === '' ? this.#closing() : this.#piece(undefined)
      }
      this.#read(value)
      return this.#piece(value)
    } catch (thrown) {
      this.#closed = true
      this.#failure ??= GatewayError.from(thrown)
      this.#ended = false
      return this.#closing()
    }
  }

  cancel(): void {
    this.#closed = true
    this.#reader.cancel()
  }

  #read(bytes: Uint8Array): void {
    this.#altered = !this.#plain
    this.#frames.push(this.#text.decode(bytes, { stream: true }), this.#take)
  }

  /** Hands the upstream's own bytes on when they were whole frames and needed no change. */
  #piece(bytes: Uint8Array | undefined): Piece {
    const text = this.#pending
    this.#pending = ''
    const untouched = bytes !== undefined && !this.#altered && text.length === bytes.length
    return { bytes: untouched ? bytes : text, last: false, ...(this.#failure && { error: this.#failure }) }
  }

  #closing(): Piece {
    const { format, requestId } = this.#admitted.call
    if (this.#ended) return { bytes: this.#out.end(), last: true, ...(this.#failure && { error: this.#failure }) }
    // The connection closed cleanly without the format's own last event: that is a cut, whatever it looks like.
    const error = this.#failure ?? new GatewayError('upstream_cut')
    return { bytes: this.#out.frame(format.encodeErrorFrame(error, requestId)) + this.#out.end(), last: true, error }
  }

  #takeFrame(frame: Frame): void {
    if (frame.comment) return this.#pass(frame)
    this.#framesSeen++
    const { data } = frame
    let marked = false
    for (const marker of this.#markers) {
      if (data.includes(marker) || frame.event?.includes(marker) === true) {
        marked = true
        break
      }
    }
    if (!marked) {
      this.#content = true
      return this.#pass(frame)
    }
    const sighting = this.#admitted.call.format.watch.frame(frame)
    if (sighting.usage !== undefined) this.#admitted.record.addUsage(sighting.usage)
    if (sighting.content === true) this.#content = true
    if (sighting.error !== undefined) {
      this.#failure = sighting.error
      this.#ended = true
    }
    if (sighting.end === true) this.#ended = true
    if (sighting.usageOnly === true && this.#admitted.peek.hidesUsage === true) {
      this.#altered = true
      return
    }
    this.#pass(frame)
  }

  #pass(frame: Frame): void {
    if (this.#renamed !== undefined && MODEL_MEMBER.test(frame.data)) {
      this.#altered = true
      const name = this.#renamed
      const rename = (text: string): string => text.replace(MODEL_MEMBER, (member) => member.slice(0, member.indexOf(':') + 1) + name)
      frame =
        frame.raw === undefined ? { ...frame, data: rename(frame.data) } : { ...frame, data: rename(frame.data), raw: rename(frame.raw) }
    }
    this.#pending += this.#plain ? (frame.raw ?? this.#out.frame(frame)) : this.#out.frame(frame)
  }
}
