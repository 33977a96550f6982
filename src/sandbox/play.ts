// Plays an answer: prints it whole or lets it run as a stream, with its silences and its mishaps.
// A consumer that leaves stops every timer; a slow one slows the stream.

import type { Failure, FailureBody } from './failure.ts'
import type { Prompt } from './prompt.ts'
import type { Answer } from './script.ts'

/** Stands before each frame that carries a piece of the answer. */
export const PIECE = Symbol('piece')
export type Frames = Generator<string | typeof PIECE, void, undefined>

/** How one wire prints. */
export interface Wire {
  /** The content type of a stream. */
  streamType(prompt: Prompt): string
  failure(failure: Failure): FailureBody
  unary(prompt: Prompt, answer: Answer): unknown
  stream(prompt: Prompt, answer: Answer): Frames
  /** An in-stream error, after `sent` frames. */
  errorFrame(failure: Failure, prompt: Prompt, sent: number): string
  /** A frame whose content is not JSON. */
  malformedFrame(prompt: Prompt): string
}

const encoder = new TextEncoder()

/** A cut at once would take back what a socket has not sent yet. */
const FLUSH_MS = 20

/** The reason a consumer left with. */
export const aborted = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new DOMException('The operation was aborted.', 'AbortError')

/** Waits; rejects when the signal fires first. `Infinity` waits for nothing but the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted(signal))
    const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(done, ms)
    function done(): void {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    function leave(): void {
      clearTimeout(timer)
      reject(aborted(signal))
    }
    signal.addEventListener('abort', leave, { once: true })
  })
}

/** The answer as a stream of frames. */
export function playStream(
  wire: Wire,
  prompt: Prompt,
  { answer, signal }: { answer: Answer; signal: AbortSignal },
): ReadableStream<Uint8Array> {
  const frames = wire.stream(prompt, answer)
  const left = new AbortController()
  const wait = (ms: number): Promise<void> => pause(ms, AbortSignal.any([signal, left.signal]))
  const { hitch, firstMs = 0, paceMs = 0 } = answer
  let said = 0
  let sent = 0

  async function next(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const emit = (frame: string): void => {
      sent++
      controller.enqueue(encoder.encode(frame))
    }
    for (;;) {
      const { value, done } = frames.next()
      if (done) return controller.close()
      if (value !== PIECE) return emit(value)
      if (hitch !== undefined && said === hitch.after) {
        said++
        if (hitch.what === 'malformed') return emit(wire.malformedFrame(prompt))
        if (hitch.what === 'stall') await wait(Number.POSITIVE_INFINITY)
        if (hitch.what === 'cut') {
          await wait(FLUSH_MS)
          return controller.error(new Error('the sandbox cuts this connection'))
        }
        emit(wire.errorFrame(hitch.what as Failure, prompt, sent))
        return controller.close()
      }
      if (said === 0 && firstMs > 0) await wait(firstMs)
      if (paceMs > 0) await wait(paceMs)
      said++
    }
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (signal.aborted) throw aborted(signal)
        await next(controller)
      } catch (cause) {
        controller.error(cause)
      }
    },
    cancel(reason) {
      left.abort(reason)
      frames.return()
    },
  })
}

/**
 * The answer in one piece.
 * @throws Failure for a script that fails midway, the abort reason when the consumer leaves.
 */
export async function playWhole(
  wire: Wire,
  prompt: Prompt,
  { answer, signal }: { answer: Answer; signal: AbortSignal },
): Promise<BodyInit> {
  const { hitch, firstMs = 0, paceMs = 0 } = answer
  const waitMs = firstMs + paceMs * answer.usage.output
  if (waitMs > 0) await pause(waitMs, signal)
  if (hitch?.what === 'stall') await pause(Number.POSITIVE_INFINITY, signal)
  if (hitch !== undefined && typeof hitch.what !== 'string') throw hitch.what
  const text = JSON.stringify(wire.unary(prompt, answer))
  if (hitch === undefined) return text
  const half = text.slice(0, text.length / 2)
  return hitch.what === 'malformed' ? half : cutShort(half, signal)
}

function cutShort(text: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  let sent = false
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent) {
        await pause(FLUSH_MS, signal).catch(() => undefined)
        return controller.error(new Error('the sandbox cuts this connection'))
      }
      sent = true
      controller.enqueue(encoder.encode(text))
    },
  })
}
