// Answers as HTTP responses: shared headers, CORS, and the stream writer.

import type { Answer, StreamAnswer } from '../gateway/index.ts'

const EXPOSED =
  'x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-switchyard-channel, x-switchyard-cost, x-switchyard-warnings, x-switchyard-overhead-ms, x-switchyard-sandbox'

/** Browsers may call from anywhere: keys travel in headers, never in cookies. */
export function corsHeaders(): Record<string, string> {
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED }
}

/** The answer to a preflight: whatever headers the client wants, since SDKs send their own. */
export function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '86400',
      vary: 'access-control-request-headers',
    },
  })
}

/** @param browser whether the request names an origin: only browsers read the CORS headers. */
export function toResponse(answer: Answer, requestId: string, browser: boolean): Response {
  const { headers } = answer
  headers['x-request-id'] = requestId
  if (browser) {
    headers['access-control-allow-origin'] = '*'
    headers['access-control-expose-headers'] = EXPOSED
  }
  if (answer.kind === 'unary') return new Response(answer.body, { status: answer.status, headers })
  return new Response(directStream(answer), { status: 200, headers })
}

/** Bun's direct stream: one write and flush an event, no queue between. */
function directStream(answer: StreamAnswer): ReadableStream {
  return new ReadableStream({
    type: 'direct',
    async pull(controller: ReadableStreamDirectController) {
      await answer.pump({
        write(piece) {
          const written = controller.write(piece as string)
          controller.flush()
          return typeof written === 'number' ? undefined : (written as Promise<unknown>).then(() => {})
        },
      })
      controller.close()
    },
  } as unknown as UnderlyingDefaultSource)
}
