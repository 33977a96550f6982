// Statement 31 of web search: no fetch reaches what only we can reach, however its address is written, and no page can
// stall or fill us. The guard's own table of vectors stands beside it; here the whole program is asked.

import { afterAll, describe, expect } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { startPages } from '../../kit/web-pages.ts'
import { codes, FETCH, webSuite } from '../../kit/web-search.ts'

const inside = startPages()
const outside = startPages()
afterAll(() => {
  inside.stop()
  outside.stop()
})
const { statement, world } = webSuite({ config: () => `web: { allow_hosts: ["${outside.host}"], obey_robots: false }\n` })
const port = new URL(inside.url).port
inside.html('/secret', 'Secret', '<p>the secret of the house</p>')

const ADDRESSES = [
  ...[
    `http://127.0.0.1:${port}/secret`,
    `http://localhost:${port}/secret`,
    `http://127.1:${port}/secret`,
    `http://2130706433:${port}/secret`,
  ],
  ...[
    `http://0x7f000001:${port}/secret`,
    `http://0177.0.0.1:${port}/secret`,
    `http://127.0.0.1.:${port}/secret`,
    `http://0:${port}/secret`,
  ],
  ...[
    `http://[::1]:${port}/secret`,
    `http://[::ffff:127.0.0.1]:${port}/secret`,
    `http://[::ffff:7f00:1]:${port}/secret`,
    `http://[::]:${port}/secret`,
  ],
  ...[`http://[64:ff9b::7f00:1]:${port}/secret`, `http://[2002:7f00:1::]:${port}/secret`, `http://127.0.0.2:${port}/secret`],
  ...[`http://user:pass@127.0.0.1:${port}/secret`, `http://foo.localhost:${port}/secret`, `http://①②⑦.⓪.⓪.①:${port}/secret`],
  ...[
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/v2/credentials',
    'http://metadata.google.internal/computeMetadata/v1/',
  ],
  ...['http://[fd00:ec2::254]/latest/', 'http://100.100.100.200/latest/', 'http://192.168.0.1/', 'http://10.0.0.1/', 'http://172.16.0.1/'],
  ...['http://100.64.0.1/', 'http://[fc00::1]/', 'http://[fe80::1]/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://192.0.2.1/'],
  ...['http://printer.local/', 'http://db.internal/', 'http://router.home.arpa/', 'file:///etc/passwd', 'gopher://127.0.0.1/'],
]

statement(31, 'addresses of our own network', async (it) => {
  for (const url of ADDRESSES) {
    it.say([{ fetch: url }], ['Never mind.'])
    const { message, text } = await it.messages({ tools: [FETCH], messages: [{ role: 'user', content: `Read ${url} please` }] })
    const [code] = codes(message)
    expect({ url, code }).toEqual({
      url,
      code: expect.stringMatching(/^(url_not_allowed|invalid_tool_input|url_not_in_prior_context)$/) as never,
    })
    expect(text).not.toContain('the secret of the house')
  }
  expect(inside.received).toHaveLength(0)
})

statement(31, 'redirects into our own network', async (it) => {
  const targets = [
    `${inside.url}/secret`,
    `http://localhost:${port}/secret`,
    `http://[::1]:${port}/secret`,
    'http://169.254.169.254/',
    'file:///etc/passwd',
  ]
  for (const [index, target] of targets.entries()) {
    const url = outside.put(`/hop${index}`, { status: [301, 302, 303, 307, 308][index] as number, headers: { location: target }, body: '' })
    it.say([{ fetch: url }], ['Never mind.'])
    const { message, text } = await it.messages({ tools: [FETCH], messages: [{ role: 'user', content: `Read ${url}` }] })
    expect({ target, code: codes(message)[0] }).toEqual({ target, code: expect.stringMatching(/^url_not_(allowed|accessible)$/) as never })
    expect(text).not.toContain('the secret of the house')
  }
  expect(inside.received).toHaveLength(0)
})

statement(31, 'redirects without end', async (it) => {
  const url = outside.put('/loop', { status: 302, headers: { location: '/loop' }, body: '' })
  it.say([{ fetch: url }], ['Never mind.'])
  outside.received.length = 0
  const { message } = await it.messages({ tools: [FETCH], messages: [{ role: 'user', content: `Read ${url}` }] })
  expect(codes(message)[0]).toMatch(/^url_not_/)
  expect(outside.received.length).toBeLessThan(12)
})

describe('a body that grows when unpacked', () => {
  const packed = gzipSync(Buffer.alloc(60 * 1024 * 1024, 'word '))
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(packed, { headers }) })
  afterAll(() => server.stop(true))
  const url = `http://127.0.0.1:${server.port}/bomb`
  const bombs = webSuite({ config: `web: { allow_hosts: ["127.0.0.1:${server.port}"], obey_robots: false }\n` })

  bombs.statement(31, 'is given up', async (it) => {
    it.say([{ fetch: url }], ['Never mind.'])
    const { message } = await it.messages({ tools: [FETCH], messages: [{ role: 'user', content: `Read ${url}` }] })
    expect(codes(message)).toEqual(['content_too_large'])
  })
})

statement(
  31,
  'a page that never ends',
  async (it) => {
    const url = outside.put('/slow', { headers: { 'content-type': 'text/html' }, pieces: ['<p>first words', 'hang'] })
    it.say([{ fetch: url }], ['Never mind.'])
    const started = performance.now()
    const { message } = await it.messages({ tools: [FETCH], messages: [{ role: 'user', content: `Read ${url}` }] })
    expect(codes(message)).toEqual(['url_not_accessible'])
    expect(performance.now() - started).toBeLessThan(14_000)
    expect(world.model.asked()).toHaveLength(2)
  },
  { upstreams: ['chat'], modes: ['stream'] },
)
