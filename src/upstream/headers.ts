// Headers of an outbound request: what a proxy must not pass on is left out, and the hop is marked, so
// that a request which comes back to us is recognised.

/** Marks what a Switchyard sent. A request that arrives with it is refused with 508. */
export const HOP_HEADER = 'x-switchyard-hop'

// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, and what the runtime writes by itself.
const NOT_FORWARDED: Readonly<Record<string, true>> = {
  connection: true,
  'keep-alive': true,
  'proxy-authenticate': true,
  'proxy-authorization': true,
  'proxy-connection': true,
  te: true,
  trailer: true,
  'transfer-encoding': true,
  upgrade: true,
  expect: true,
  host: true,
  'content-length': true,
  'accept-encoding': true,
  cookie: true,
}

/** The headers to send, in lower case, still without a credential. */
export function outboundHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'switchyard', [HOP_HEADER]: '1' }
  for (const name in given) {
    const lower = name.toLowerCase()
    if (NOT_FORWARDED[lower] === undefined) headers[lower] = given[name] as string
  }
  // A compressing proxy would hold a stream's events back until its window is full.
  if (headers.accept === 'text/event-stream') headers['accept-encoding'] = 'identity'
  return headers
}
