// The way into the admin room: takes a request apart for it, and writes its reply. No CORS here: other sites have no
// business under /admin. What is served there stands in `admin/`.

import type { Admin, Reply } from '../admin/index.ts'
import type { ClientConnection } from './address.ts'
import { readText } from './body.ts'
import type { Inbound } from './endpoints.ts'

export const isAdminPath = (path: string): boolean => path === '/admin' || path.startsWith('/admin/')

export async function adminResponse(
  { request, path, query, requestId, receivedMs }: Inbound,
  admin: Admin,
  connection: () => ClientConnection,
): Promise<Response> {
  const reply = await admin.answer({
    method: request.method,
    path: decoded(path),
    query,
    headers: request.headers,
    requestId,
    receivedMs,
    address: () => connection().address,
    secure: connection().secure,
    text: (maxBytes) => readText(request, maxBytes),
  })
  return written(reply, requestId, request.method === 'HEAD')
}

/** As it came, when it is not correctly encoded: no address matches that. */
function decoded(path: string): string {
  try {
    const plain = decodeURIComponent(path)
    return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
  } catch {
    return path
  }
}

function written(reply: Reply, requestId: string, headOnly: boolean): Response {
  const headers = new Headers(reply.headers)
  headers.set('x-request-id', requestId)
  headers.set('cache-control', 'no-store')
  headers.set('x-content-type-options', 'nosniff')
  if (reply.version !== undefined) headers.set('etag', `"${reply.version}"`)
  const status = reply.status ?? 200
  if (reply.text !== undefined) {
    headers.set('content-type', `${reply.text.type}; charset=utf-8`)
    return new Response(headOnly ? null : reply.text.content, { status, headers })
  }
  if (reply.body === undefined) return new Response(null, { status: status === 200 ? 204 : status, headers })
  headers.set('content-type', 'application/json')
  return new Response(headOnly ? null : JSON.stringify(reply.body), { status, headers })
}
