// The yardstick: the least a proxy on Bun can do that knows what it forwards. It looks the key up in a map, parses and
// prints the request, fetches, parses the answer for its usage and returns the text; a stream it forwards as it comes,
// looking for `usage` in the text only. No limits, no failover, no ledger, no translation.
// Environment: PORT, KEY, TARGETS (JSON: model → upstream base URL). Prints `{"port":…}` when it listens.

const keys = new Map([[process.env.KEY ?? 'sk-bench', { name: 'bench' }]])
const targets = new Map<string, string>(Object.entries(JSON.parse(process.env.TARGETS ?? '{}')))
/** Read by nobody: it keeps the looking from being optimised away. */
const seen = { tokens: 0, usageFrames: 0 }
const decoder = new TextDecoder()

interface ChatBody {
  model: string
  stream?: boolean
}

async function handle(request: Request): Promise<Response> {
  const path = request.url.slice(request.url.indexOf('/', 8))
  if (path === '/healthz') return new Response('ok')
  const key = (request.headers.get('authorization') ?? '').slice('Bearer '.length)
  if (!keys.has(key)) return new Response('no such key', { status: 401 })
  const body = (await request.json()) as ChatBody
  const target = targets.get(body.model)
  if (target === undefined) return new Response('no such model', { status: 404 })
  const upstream = await fetch(target + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' },
    body: JSON.stringify(body),
    signal: request.signal,
  })
  const headers = { 'content-type': upstream.headers.get('content-type') ?? 'application/json' }
  if (body.stream && upstream.body !== null) return new Response(forward(upstream.body), { status: upstream.status, headers })
  const text = await upstream.text()
  const answer = JSON.parse(text) as { usage?: { total_tokens?: number } }
  seen.tokens += answer.usage?.total_tokens ?? 0
  return new Response(text, { status: upstream.status, headers })
}

function forward(body: ReadableStream<Uint8Array>): ReadableStream {
  return new ReadableStream({
    type: 'direct',
    async pull(controller: ReadableStreamDirectController) {
      for await (const bytes of body) {
        if (decoder.decode(bytes).includes('"usage"')) seen.usageFrames++
        const written = controller.write(bytes)
        controller.flush()
        if (typeof written !== 'number') await written
      }
      controller.close()
    },
  } as unknown as UnderlyingDefaultSource)
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  idleTimeout: 0,
  maxRequestBodySize: 64 << 20,
  fetch: handle,
})
process.on('unhandledRejection', () => {})
console.log(JSON.stringify({ port: server.port }))
