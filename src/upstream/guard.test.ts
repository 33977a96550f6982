// The address guard against the ways in that are known. Real sockets where a connection would be the harm.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { fetchGuarded, GuardError, type GuardedOptions } from './guard.ts'

const PUBLIC = ['93.184.216.34']

/** What is refused although its name resolves to a public address. */
const REFUSED_URLS = [
  'file:///etc/passwd',
  'data:text/plain,hello',
  'ftp://files.site.com/a',
  'gopher://site.com/1',
  's3://bucket/key',
  'blob:http://site.com/1',
  'javascript:alert(1)',
  'unix:///var/run/docker.sock',
  'not a url',
  '',
  '//site.com/a',
  'http://',
  'http://user:pass@site.com/',
  'http://user@site.com/',
  'http://:pass@site.com/',
  'http://site.com:8080/',
  'https://site.com:22/',
  'http://site.com:6379/',
  'http://site.com:65535/',
  `http://site.com/${'a'.repeat(2100)}`,
  // Literal addresses in every notation the URL parser understands.
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0.0.1/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://0/',
  'http://0.0.0.0/',
  'http://00000177.0.0.1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://%31%32%37.0.0.1/',
  'http://127.0.0.1./',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://2852039166/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://255.255.255.255/',
  'http://93.184.216.34/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[fe80::1%25eth0]/',
  // Names of the local network and of clouds' metadata.
  'http://localhost/',
  'http://LOCALHOST/',
  'http://localhost./',
  'http://app.localhost/',
  'http://metadata/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://instance-data.ec2.internal/',
  'http://kubernetes.default.svc.cluster.local/',
  'http://printer.local/',
  'http://router.home.arpa/',
  'http://nas.lan/',
  'http://intranet/',
  'http://wiki.corp/',
  'http://hidden.onion/',
  'http://localhost.localdomain/',
  'http://1.0.0.127.in-addr.arpa/',
] as const

/** Addresses behind a public-looking name. */
const REFUSED_ADDRESSES = [
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2001:10::1',
  '2002:a00:1::1',
  '3fff::1',
  '2a00:1450::5efe:10.0.0.1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '0177.0.0.1',
  '2130706433',
  'localhost',
] as const

const refusal = async (url: string, options: GuardedOptions): Promise<unknown> =>
  fetchGuarded(url, { deadlineMs: 2000, ...options }).then(
    () => 'it was fetched',
    (thrown: unknown) => (thrown instanceof GuardError ? thrown.code : thrown),
  )

describe('what is never connected to', () => {
  test.each([...REFUSED_URLS])('%s', async (url) => {
    expect(await refusal(url, { resolve: async () => PUBLIC })).toBe('url_not_allowed')
  })

  test.each([...REFUSED_ADDRESSES])('a name that resolves to %s', async (address) => {
    expect(await refusal('http://site.com/', { resolve: async () => [address] })).toBe('url_not_allowed')
  })

  test('one private answer among public ones', async () => {
    expect(await refusal('http://site.com/', { resolve: async () => [...PUBLIC, '10.0.0.1'] })).toBe('url_not_allowed')
    expect(await refusal('http://site.com/', { resolve: async () => [...PUBLIC, '::1'] })).toBe('url_not_allowed')
  })

  test('what the caller objects to', async () => {
    expect(await refusal('http://site.com/', { resolve: async () => PUBLIC, judge: () => 'blocked domain' })).toBe('url_not_allowed')
  })
})

describe('names that fail', () => {
  test('no answer, an empty answer, and one that never comes', async () => {
    expect(await refusal('http://site.com/', { resolve: () => Promise.reject(new Error('NXDOMAIN')) })).toBe('url_not_accessible')
    expect(await refusal('http://site.com/', { resolve: async () => [] })).toBe('url_not_accessible')
    expect(await refusal('http://site.com/', { resolve: () => new Promise(() => {}), deadlineMs: 50 })).toBe('url_not_accessible')
  })
})

describe('on real sockets', () => {
  let hits = 0
  let hosts: (string | null)[] = []
  const secret = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('secret', { headers: { 'x-hit': String(++hits) } }),
  })
  const site = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      hosts.push(request.headers.get('host'))
      if (pathname === '/to') return new Response(null, { status: 302, headers: { location: searchParams.get('url') ?? '' } })
      if (pathname === '/loop') return new Response(null, { status: 307, headers: { location: '/loop' } })
      if (pathname === '/large') return new Response('x'.repeat(5000))
      if (pathname === '/bomb') return new Response(gzipSync(new Uint8Array(2_000_000)), { headers: { 'content-encoding': 'gzip' } })
      if (pathname === '/slow') await Bun.sleep(1000)
      return new Response('page', {
        headers: { 'content-type': 'Text/HTML; charset=utf-8', 'x-cookie': request.headers.get('cookie') ?? '' },
      })
    },
  })
  const base = `http://127.0.0.1:${site.port}`
  const allowHosts = [`127.0.0.1:${site.port}`]

  beforeAll(() => {
    hits = 0
    hosts = []
  })
  afterAll(async () => {
    await secret.stop(true)
    await site.stop(true)
  })

  test('an excepted host is fetched', async () => {
    const { status, bytes, mediaType, finalUrl } = await fetchGuarded(`${base}/page#part`, { allowHosts })
    expect({ status, text: new TextDecoder().decode(bytes), mediaType, finalUrl }).toEqual({
      status: 200,
      text: 'page',
      mediaType: 'text/html',
      finalUrl: `${base}/page`,
    })
  })

  test('the connection goes to the address that was judged, asked for once, under the client’s name', async () => {
    let asked = 0
    const resolve = async (): Promise<string[]> => [asked++ === 0 ? '127.0.0.1' : '10.0.0.1']
    hosts = []
    const name = `pinned.site.com:${site.port}`
    const { bytes } = await fetchGuarded(`http://${name}/page`, { allowHosts: [name], resolve })
    expect(new TextDecoder().decode(bytes)).toBe('page')
    expect(asked).toBe(1)
    expect(hosts).toEqual([name])
  })

  test('a redirect is judged like a first address', async () => {
    for (const target of [
      `http://127.0.0.1:${secret.port}/`,
      `http://localhost:${secret.port}/`,
      `http://[::ffff:127.0.0.1]:${secret.port}/`,
      'http://169.254.169.254/',
      'file:///etc/passwd',
      `http://u:p@127.0.0.1:${site.port}/`,
    ]) {
      expect(await refusal(`${base}/to?url=${encodeURIComponent(target)}`, { allowHosts })).toBe('url_not_allowed')
    }
    expect(hits).toBe(0)
  })

  test('a name that changes its address between two hops is judged again', async () => {
    let asked = 0
    const resolve = async (): Promise<string[]> => (asked++ === 0 ? ['127.0.0.1'] : ['10.0.0.1'])
    const judge = (url: URL): string | undefined => (url.pathname === '/' ? 'seen again' : undefined)
    const name = `moving.site.com:${site.port}`
    expect(await refusal(`http://${name}/to?url=/`, { allowHosts: [name], resolve, judge })).toBe('url_not_allowed')
    expect(asked).toBe(1)
  })

  test('redirects end', async () => {
    hosts = []
    expect(await refusal(`${base}/loop`, { allowHosts })).toBe('url_not_accessible')
    expect(hosts.length).toBe(6)
  })

  test('size is counted after decompression, and time covers everything', async () => {
    expect(await refusal(`${base}/large`, { allowHosts, maxBytes: 4999 })).toBe('content_too_large')
    expect((await fetchGuarded(`${base}/large`, { allowHosts, maxBytes: 5000 })).bytes.length).toBe(5000)
    expect(await refusal(`${base}/bomb`, { allowHosts, maxBytes: 100_000 })).toBe('content_too_large')
    expect(await refusal(`${base}/slow`, { allowHosts, deadlineMs: 100 })).toBe('url_not_accessible')
  })

  test('the caller can give up', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    expect(await refusal(`${base}/slow`, { allowHosts, signal: controller.signal })).toBe('url_not_accessible')
  })
})
