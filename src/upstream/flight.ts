// One request on its way: its abort, its one timer and its body. Every end is told as one of four
// failures, and no failure ever repeats the address or a header, which the runtime's own errors do.

import { GatewayError } from '../core/errors.ts'
import type { BodyRead, BodyReader, UpstreamResponse } from './request.ts'

type Reason = 'client_closed' | 'upstream_timeout'

/** How long a cancelled body may take to end by itself, so that its connection can be used again. */
const FAREWELL_MS = 50

export class Flight implements UpstreamResponse, BodyReader, EventListenerObject {
  status = 0
  headers: Headers = NO_HEADERS
  readonly #controller = new AbortController()
  readonly #client: AbortSignal | undefined
  readonly #idleTimeoutMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitingSinceMs: number | undefined
  #limitMs = 0
  #reason: Reason | undefined
  #response: Response | undefined
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined
  #reading = false
  #settled = false

  constructor(limits: { readonly signal?: AbortSignal; readonly headersTimeoutMs: number; readonly idleTimeoutMs: number }) {
    this.#client = limits.signal
    this.#idleTimeoutMs = limits.idleTimeoutMs
    this.#client?.addEventListener('abort', this)
    this.#timer = setTimeout(look, Math.min(limits.headersTimeoutMs, limits.idleTimeoutMs), this)
    this.#wait(limits.headersTimeoutMs)
  }

  /** The client is gone. */
  handleEvent(): void {
    this.#abort('client_closed')
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Takes the answer whose headers have come. @throws GatewayError when it came too late. */
  landed(response: Response): void {
    this.#waitingSinceMs = undefined
    this.#response = response
    this.status = response.status
    this.headers = response.headers
    if (this.#reason === undefined) return
    this.#dispose()
    throw this.failure(undefined, 'upstream_unreachable')
  }

  /** Ends the flight and tells why, without the runtime's words. */
  failure(thrown: unknown, otherwise: 'upstream_unreachable' | 'upstream_cut'): GatewayError {
    this.#settle()
    const reason = this.#reason ?? (this.#client?.aborted === true ? 'client_closed' : otherwise)
    return new GatewayError(reason, {}, thrown === undefined ? undefined : new Error(runtimeCode(thrown)))
  }

  async text(): Promise<string> {
    const response = this.#response as Response
    // Only a body of known length may be read in one go: of another no progress could be seen.
    if (!response.headers.has('content-length')) return this.#pieces()
    this.#wait(this.#idleTimeoutMs)
    try {
      const text = await response.text()
      this.#settle()
      return text
    } catch (thrown) {
      throw this.failure(thrown, 'upstream_cut')
    }
  }

  async #pieces(): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    for (;;) {
      const { done, value } = await this.read()
      if (done) return text + decoder.decode()
      text += decoder.decode(value, { stream: true })
    }
  }

  reader(): BodyReader {
    return this
  }

  async read(): Promise<BodyRead> {
    if (this.#settled) return ENDED
    this.#body ??= this.#response?.body?.getReader()
    if (this.#body === undefined) {
      this.#settle()
      return ENDED
    }
    this.#wait(this.#idleTimeoutMs)
    let result: BodyRead
    try {
      this.#reading = true
      result = (await this.#body.read()) as BodyRead
    } catch (thrown) {
      throw this.failure(thrown, 'upstream_cut')
    } finally {
      this.#reading = false
      this.#waitingSinceMs = undefined
    }
    if (this.#reason !== undefined) throw this.failure(undefined, 'upstream_cut')
    if (result.done) this.#settle()
    return result
  }

  cancel(): void {
    if (this.#settled) return
    if (this.#reading || this.#response === undefined) return this.#dispose()
    void this.#farewell()
  }

  /** Waits a moment for the body's own end; anything else closes the connection. Never rejects. */
  async #farewell(): Promise<void> {
    const timer = setTimeout(() => this.#dispose(), FAREWELL_MS)
    try {
      this.#body ??= this.#response?.body?.getReader()
      this.#reading = true
      if (this.#body === undefined || (await this.#body.read()).done) this.#settle()
    } catch {
      // Whatever it was, nobody listens any more.
    }
    clearTimeout(timer)
    this.#dispose()
  }

  /** A wait begins. One timer looks in now and then: setting one for each read would cost more than the read. */
  #wait(limitMs: number): void {
    this.#limitMs = limitMs
    this.#waitingSinceMs = performance.now()
    this.#timer ??= setTimeout(look, limitMs, this)
  }

  /** Ends a wait that has lasted too long, or looks again when it might have. */
  look(): void {
    this.#timer = undefined
    if (this.#waitingSinceMs === undefined) return
    const leftMs = this.#waitingSinceMs + this.#limitMs - performance.now()
    if (leftMs <= 0) this.#abort('upstream_timeout')
    else this.#timer = setTimeout(look, leftMs, this)
  }

  #abort(reason: Reason): void {
    this.#reason ??= reason
    this.#controller.abort()
    // A handler in our own process does not hear the signal while we wait for its body.
    this.#body?.cancel().catch(ignore)
  }

  #dispose(): void {
    if (this.#settled) return
    this.#settle()
    this.#controller.abort()
    const ended = this.#body === undefined ? this.#response?.body?.cancel() : this.#body.cancel()
    ended?.catch(ignore)
  }

  #settle(): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#client?.removeEventListener('abort', this)
  }
}

// Shared by all flights: closures of each would cost more than the calls.
const look = (flight: Flight): void => flight.look()

const NO_HEADERS = new Headers()
const ENDED: BodyRead = { done: true }
const ignore = (): void => {}

/** The runtime's short name of what went wrong; its message would show the address. */
function runtimeCode(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return 'unknown'
  const { code, name } = thrown as { code?: unknown; name?: unknown }
  if (typeof code === 'string' && /^\w+$/.test(code)) return code
  return typeof name === 'string' && /^\w+$/.test(name) ? name : 'unknown'
}
