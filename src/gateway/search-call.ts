// One request to a search service on the operator's account. The address is the operator's own, so it may be private.

import type { SearchCall, SearchReply } from '../search/index.ts'
import type { SearchRoute } from '../tools/index.ts'
import type { Upstream } from '../upstream/index.ts'

/** A service that sends more is broken: its answer must not fill our memory. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
/** The caller's deadline is shorter; this one only ends what nobody waits for. */
const LAST_RESORT_MS = 60_000

/** @throws GatewayError, or an Error when the answer is too large. */
export async function callBackend(
  upstream: Upstream,
  request: SearchCall,
  { route, signal }: { route: SearchRoute; signal: AbortSignal },
): Promise<SearchReply> {
  const response = await upstream.send({
    channel: `search:${route.account.name}`,
    method: request.method,
    url: request.url,
    headers: request.headers,
    ...(request.body !== undefined && { body: request.body }),
    // The backend's definition has put the credential where its service wants it.
    auth: { scheme: { type: 'none' } },
    signal,
    headersTimeoutMs: LAST_RESORT_MS,
    idleTimeoutMs: LAST_RESORT_MS,
  })
  const reader = response.reader()
  const decoder = new TextDecoder()
  let text = ''
  for (let size = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return { status: response.status, headers: response.headers, text: text + decoder.decode() }
    size += value.length
    if (size > MAX_ANSWER_BYTES) {
      reader.cancel()
      throw new Error('the answer is too large')
    }
    text += decoder.decode(value, { stream: true })
  }
}
