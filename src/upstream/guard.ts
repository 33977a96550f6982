// Fetches an address that a client named, without becoming a door into the network we run in: names are
// resolved once, every answer is judged, and the connection goes to a judged address and to no other.
// Redirects are walked by hand and each step is judged anew. Bodies are read up to a limit.

import { lookup } from 'node:dns/promises'
import { judgeAddress, judgeHost } from './address.ts'

/** `url_not_allowed`: the guard refuses. `url_not_accessible`: names, TLS, timeouts. `content_too_large`: beyond `maxBytes`. */
export type GuardErrorCode = 'url_not_allowed' | 'url_not_accessible' | 'content_too_large'

/** Why nothing was fetched. The message is for the log: it may name the client's URL, never an address of ours. */
export class GuardError extends Error {
  override readonly name = 'GuardError'
  readonly code: GuardErrorCode

  constructor(code: GuardErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface GuardedOptions {
  /** Limit of the decoded body. */
  readonly maxBytes?: number
  /** Limit of the whole, redirects and body included. */
  readonly deadlineMs?: number
  /** Hosts (`name`, `name:port`) that the operator excepts from name, address and port rules. */
  readonly allowHosts?: readonly string[]
  readonly maxRedirects?: number
  /** Extra request headers: never a credential. */
  readonly headers?: Readonly<Record<string, string>>
  /** Asked before each hop, the first included; a sentence refuses it. */
  readonly judge?: (url: URL) => string | undefined
  readonly signal?: AbortSignal
  /** In place of the system's resolver, for tests. */
  readonly resolve?: Resolve
}

export interface GuardedResponse {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** Where the bytes came from, after redirects. */
  readonly finalUrl: string
  /** Lower case, without parameters. */
  readonly mediaType: string
}

export type GuardedFetch = (url: string, options?: GuardedOptions) => Promise<GuardedResponse>

const MAX_URL = 2048
const DEFAULTS = { maxBytes: 5 * 1024 * 1024, deadlineMs: 10_000, maxRedirects: 5 }

/** @throws GuardError */
export const fetchGuarded: GuardedFetch = async (url, options = {}) => {
  const deadline = new AbortController()
  const stop = (): void => deadline.abort()
  const timer = setTimeout(stop, options.deadlineMs ?? DEFAULTS.deadlineMs)
  options.signal?.addEventListener('abort', stop, { once: true })
  if (options.signal?.aborted === true) stop()
  try {
    // The resolver cannot be aborted, so the race is what ends the wait for it.
    return await Promise.race([walk(url, options, deadline.signal), aborted(deadline.signal)])
  } catch (thrown) {
    if (thrown instanceof GuardError) throw thrown
    throw new GuardError('url_not_accessible', deadline.signal.aborted ? 'it took too long' : 'it could not be fetched')
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', stop)
    deadline.abort()
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const fail = (): void => reject(new GuardError('url_not_accessible', 'it took too long'))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

async function walk(start: string, options: GuardedOptions, signal: AbortSignal): Promise<GuardedResponse> {
  let url = parsed(start)
  for (let hop = 0; ; hop++) {
    const response = await connect(url, options, signal)
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    if (location === null) {
      return {
        status: response.status,
        headers: response.headers,
        bytes: await limitedBody(response, options.maxBytes ?? DEFAULTS.maxBytes),
        finalUrl: url.href,
        mediaType: mediaTypeOf(response.headers),
      }
    }
    await response.body?.cancel()
    if (hop >= (options.maxRedirects ?? DEFAULTS.maxRedirects)) throw new GuardError('url_not_accessible', 'too many redirects')
    const next = parsed(location, url)
    if (url.protocol === 'https:' && next.protocol === 'http:') throw new GuardError('url_not_allowed', 'a redirect leaves https')
    url = next
  }
}

/** @throws GuardError for what is no plain web address. */
function parsed(text: string, base?: URL): URL {
  if (text.length > MAX_URL) throw new GuardError('url_not_allowed', 'the URL is too long')
  let url: URL
  try {
    url = new URL(text, base)
  } catch {
    throw new GuardError('url_not_allowed', 'not a URL')
  }
  // The runtime's fetch would open files, data, blobs and buckets too.
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new GuardError('url_not_allowed', 'neither http nor https')
  if (url.username !== '' || url.password !== '') throw new GuardError('url_not_allowed', 'the URL holds a credential')
  if (url.href.length > MAX_URL) throw new GuardError('url_not_allowed', 'the URL is too long')
  url.hash = ''
  return url
}

async function connect(url: URL, options: GuardedOptions, signal: AbortSignal): Promise<Response> {
  const objection = options.judge?.(url)
  if (objection !== undefined) throw new GuardError('url_not_allowed', objection)
  const excepted = isExcepted(url, options.allowHosts ?? [])
  if (!excepted) refuseByName(url)
  const address = await judgedAddress(url, excepted, options.resolve ?? systemResolve)
  const target = new URL(url)
  target.hostname = address.includes(':') ? `[${address}]` : address
  const init: BunFetchRequestInit = {
    method: 'GET',
    headers: { 'user-agent': 'switchyard', accept: '*/*', ...options.headers, host: url.host },
    redirect: 'manual',
    signal,
    // A connection kept open belongs to an address that was judged for one name only.
    keepalive: false,
    ...(url.protocol === 'https:' && { tls: { serverName: url.hostname.replace(/\.+$/, '') } }),
  }
  // A proxy from the environment would resolve the name again, unjudged.
  return fetch(target.href, { ...init, proxy: false } as unknown as BunFetchRequestInit)
}

function refuseByName(url: URL): void {
  const why = judgeHost(url.hostname)
  if (why !== undefined) throw new GuardError('url_not_allowed', why)
  if (url.port !== '' && url.port !== '80' && url.port !== '443') throw new GuardError('url_not_allowed', 'an unusual port')
}

function isExcepted(url: URL, allowHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return allowHosts.some((entry) => {
    const allowed = entry.toLowerCase()
    return allowed === url.hostname || allowed === `${url.hostname}:${port}`
  })
}

async function judgedAddress(url: URL, excepted: boolean, resolve: Resolve): Promise<string> {
  const bare = url.hostname.replace(/^\[|\]$/g, '')
  const literal = url.hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(bare)
  if (literal && excepted) return bare
  let addresses: readonly string[]
  try {
    addresses = await resolve(bare)
  } catch {
    throw new GuardError('url_not_accessible', 'the name cannot be resolved')
  }
  // Where both families answer, the older one is reachable from more machines.
  const first = addresses.find((address) => !address.includes(':')) ?? addresses[0]
  if (first === undefined) throw new GuardError('url_not_accessible', 'the name has no address')
  if (excepted) return first
  // One private answer among public ones is the mark of an attack, so none is used.
  for (const address of addresses) {
    const why = judgeAddress(address)
    if (why !== undefined) throw new GuardError('url_not_allowed', `its address is ${why}`)
  }
  return first
}

const systemResolve: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/** @throws GuardError `content_too_large` as soon as the decoded bytes pass the limit. */
async function limitedBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): GuardError => new GuardError('content_too_large', `more than ${maxBytes} bytes`)
  const reader = response.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const pieces: Uint8Array[] = []
  let size = 0
  const encoded = response.headers.has('content-encoding')
  if (!encoded && Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    void reader.cancel().catch(() => {})
    throw tooLarge()
  }
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > maxBytes) {
      void reader.cancel().catch(() => {})
      throw tooLarge()
    }
    pieces.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

const mediaTypeOf = (headers: Headers): string =>
  (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() || 'application/octet-stream'
