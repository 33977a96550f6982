// Sending on real sockets: what reaches the upstream, and how each way to fail is told.

import { afterAll, describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/errors.ts'
import { Secret } from '../lib/secret.ts'
import { createUpstream } from './pool.ts'
import type { OutboundRequest, UpstreamResponse } from './request.ts'

const seen: Request[] = []
let aborted = 0
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    seen.push(request)
    request.signal.addEventListener('abort', () => aborted++)
    const { pathname } = new URL(request.url)
    if (pathname === '/redirect') return new Response('moved', { status: 307, headers: { location: '/echo' } })
    if (pathname === '/silent') await Bun.sleep(5000)
    if (pathname === '/stall') return streamed(['one', 5000, 'two'])
    if (pathname === '/steady') return streamed(['a', 60, 'b', 60, 'c', 60, 'd'])
    if (pathname === '/cut') return streamed(['one', 50, 'cut'])
    if (pathname === '/utf8') return streamed([new Uint8Array([0xc3]), 10, new Uint8Array([0xa4])])
    return new Response(await request.text(), { headers: { 'content-type': 'application/json' } })
  },
})
afterAll(() => server.stop(true))

function streamed(pieces: readonly (string | number | Uint8Array)[]): Response {
  const stream = new ReadableStream({
    type: 'direct',
    async pull(controller: ReadableStreamDirectController) {
      for (const piece of pieces) {
        if (piece === 'cut') return controller.close(new Error('cut on purpose'))
        if (typeof piece === 'number') await Bun.sleep(piece)
        else {
          controller.write(piece as string)
          await controller.flush()
        }
      }
      controller.close()
    },
  } as unknown as UnderlyingDefaultSource)
  return new Response(stream)
}

const request = (path: string, extra: Partial<OutboundRequest> = {}): OutboundRequest => ({
  channel: 'ch_1',
  method: 'POST',
  url: `http://127.0.0.1:${server.port}${path}`,
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
  auth: { scheme: { type: 'bearer' }, credential: new Secret('sk-secret-credential') },
  headersTimeoutMs: 2000,
  idleTimeoutMs: 2000,
  ...extra,
})

const failure = async (work: Promise<unknown>): Promise<GatewayError> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof GatewayError)) throw new Error(`no GatewayError: ${String(thrown)}`)
  return thrown
}

async function all(response: UpstreamResponse): Promise<string> {
  const reader = response.reader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
}

describe('send', () => {
  const upstream = createUpstream()

  test('carries the body, the credential and the hop mark, and leaves out what belongs to one connection', async () => {
    seen.length = 0
    const headers = { 'Content-Type': 'application/json', connection: 'x-a', te: 'trailers', 'X-Own': '1', cookie: 'a=b', host: 'evil' }
    const response = await upstream.send(request('/echo', { headers }))
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"a":1}')
    const got = seen[0]?.headers
    expect(got?.get('authorization')).toBe('Bearer sk-secret-credential')
    expect(got?.get('x-switchyard-hop')).toBe('1')
    expect(got?.get('x-own')).toBe('1')
    expect(got?.get('content-type')).toBe('application/json')
    expect(got?.get('te')).toBeNull()
    expect(got?.get('cookie')).toBeNull()
    expect(got?.get('host')).toBe(`127.0.0.1:${server.port}`)
  })

  test('other schemes', async () => {
    seen.length = 0
    const secret = new Secret('key\n')
    await (await upstream.send(request('/echo', { auth: { scheme: { type: 'header', name: 'X-Api-Key' }, credential: secret } }))).text()
    await (await upstream.send(request('/echo', { auth: { scheme: { type: 'none' } } }))).text()
    expect(seen[0]?.headers.get('x-api-key')).toBe('key')
    expect(seen[1]?.headers.get('authorization')).toBeNull()
  })

  test('a missing or unsendable credential is ours to mend, and is not shown', async () => {
    const none = await failure(upstream.send(request('/echo', { auth: { scheme: { type: 'bearer' } } })))
    const broken = await failure(
      upstream.send(request('/echo', { auth: { scheme: { type: 'bearer' }, credential: new Secret('a\r\nb: c') } })),
    )
    expect([none.code, broken.code]).toEqual(['upstream_auth', 'upstream_auth'])
    expect(String(broken.cause)).not.toContain('b: c')
  })

  test('a stream asks for no compression', async () => {
    seen.length = 0
    await (await upstream.send(request('/echo', { headers: { accept: 'text/event-stream' } }))).text()
    expect(seen[0]?.headers.get('accept-encoding')).toBe('identity')
  })

  test('redirects are not followed', async () => {
    seen.length = 0
    expect((await failure(upstream.send(request('/redirect')))).code).toBe('upstream_error')
    expect(seen.length).toBe(1)
  })

  test('nobody there', async () => {
    const error = await failure(upstream.send(request('/', { url: 'http://127.0.0.1:1/v1/secret-path' })))
    expect(error.code).toBe('upstream_unreachable')
    expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error.details)}`).not.toMatch(/127\.0\.0\.1|secret/)
  })

  test('no headers in time', async () => {
    aborted = 0
    expect((await failure(upstream.send(request('/silent', { headersTimeoutMs: 60 })))).code).toBe('upstream_timeout')
    await Bun.sleep(50)
    expect(aborted).toBe(1)
  })

  test('a stalled body, as text and as stream; one that moves slowly is fine', async () => {
    const stalled = await upstream.send(request('/stall', { idleTimeoutMs: 100 }))
    expect((await failure(stalled.text())).code).toBe('upstream_timeout')
    const streamed = await upstream.send(request('/stall', { idleTimeoutMs: 100 }))
    expect((await failure(all(streamed))).code).toBe('upstream_timeout')
    expect(await all(await upstream.send(request('/steady', { idleTimeoutMs: 150 })))).toBe('abcd')
  })

  test('time in which nobody reads does not count', async () => {
    const response = await upstream.send(request('/steady', { idleTimeoutMs: 80 }))
    const reader = response.reader()
    await reader.read()
    await Bun.sleep(250)
    let ended = false
    while (!ended) ended = (await reader.read()).done
    expect(ended).toBe(true)
  })

  test('a cut body', async () => {
    expect((await failure((await upstream.send(request('/cut'))).text())).code).toBe('upstream_cut')
    expect((await failure(all(await upstream.send(request('/cut'))))).code).toBe('upstream_cut')
  })

  test('the client goes: before, while waiting, while reading', async () => {
    expect((await failure(upstream.send(request('/echo', { signal: AbortSignal.abort() })))).code).toBe('client_closed')
    for (const path of ['/silent', '/stall']) {
      aborted = 0
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 40)
      const startedMs = performance.now()
      const error = await failure(upstream.send(request(path, { signal: controller.signal })).then(all))
      expect(error.code).toBe('client_closed')
      expect(performance.now() - startedMs).toBeLessThan(300)
      await Bun.sleep(50)
      expect(aborted).toBe(1)
    }
  })

  test('cancel closes a body that goes on', async () => {
    aborted = 0
    const response = await upstream.send(request('/stall'))
    const reader = response.reader()
    await reader.read()
    reader.cancel()
    await Bun.sleep(150)
    expect(aborted).toBe(1)
    expect((await reader.read()).done).toBe(true)
  })

  test('characters split over pieces', async () => {
    expect(await (await upstream.send(request('/utf8'))).text()).toBe('ä')
  })

  test('probe', async () => {
    expect(await upstream.probe(`http://127.0.0.1:${server.port}/echo`)).toBe('')
    expect(await upstream.probe('http://127.0.0.1:1/')).toBeUndefined()
    expect(await upstream.probe(`http://127.0.0.1:${server.port}/redirect`)).toBeUndefined()
  })
})

describe('handlers in our own process', () => {
  const handlers = new Map([
    [
      'http://sandbox.invalid',
      async (inbound: Request): Promise<Response> => {
        if (inbound.url.endsWith('/silent')) return new Promise(() => {})
        if (inbound.url.endsWith('/stall'))
          return new Response(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode('x')) }))
        return Response.json({ method: inbound.method, body: await inbound.text(), hop: inbound.headers.get('x-switchyard-hop') })
      },
    ],
  ])
  const upstream = createUpstream({ handlers })
  const inside = (path: string, extra: Partial<OutboundRequest> = {}): OutboundRequest =>
    request(path, { url: `http://sandbox.invalid/v1${path}`, auth: { scheme: { type: 'none' } }, ...extra })

  test('answer for their origin only', async () => {
    const response = await upstream.send(inside('/chat'))
    expect(JSON.parse(await response.text())).toEqual({ method: 'POST', body: '{"a":1}', hop: '1' })
    expect((await upstream.send(request('/echo'))).status).toBe(200)
  })

  test('are bound by the same timeouts and by the client', async () => {
    expect((await failure(upstream.send(inside('/silent', { headersTimeoutMs: 50 })))).code).toBe('upstream_timeout')
    expect((await failure(upstream.send(inside('/stall', { idleTimeoutMs: 50 })).then(all))).code).toBe('upstream_timeout')
    expect((await failure(upstream.send(inside('/stall', { idleTimeoutMs: 50 })).then((r) => r.text()))).code).toBe('upstream_timeout')
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    expect((await failure(upstream.send(inside('/stall', { signal: controller.signal })).then(all))).code).toBe('client_closed')
  })
})
