// Statement 36 of web search: fail-over between backends, prices and counts, metrics, and queries that are not told. And
// the backends by themselves, without a model.

import { afterAll, expect, test } from 'bun:test'
import { waitFor } from '../../kit/switchyard.ts'
import { found, startSearx } from '../../kit/web-pages.ts'
import { codes, fresh, hits, textOf, webSuite } from '../../kit/web-search.ts'

const first = startSearx()
const second = startSearx()
afterAll(() => {
  first.stop()
  second.stop()
})
const { statement, world } = webSuite({
  config: () => `
search:
  - { name: first, backend: searxng, base_url: "${first.url}", price_per_search: 0.002 }
  - { name: second, backend: searxng, base_url: "${second.url}", price_per_search: 0.005 }
`,
})

async function requestRow(id: string | null): Promise<Record<string, unknown>> {
  const read = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`${world.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${world.key}` } })
    return (await response.json()) as Record<string, unknown>
  }
  for (let tries = 0; tries < 40; tries++) {
    const row = await read()
    if (row.object === 'request') return row
    await Bun.sleep(25)
  }
  return read()
}

statement(36, 'the next backend answers when one fails', async (it) => {
  for (const script of [{ status: 500, body: 'oh' }, { status: 429, body: 'slow' }, { body: 'no JSON' }, { status: 403, body: 'no' }]) {
    first.answer(script)
    second.answer(found({ url: 'https://two.example/' }))
    it.say([{ search: fresh('lamps') }], ['Fine.'])
    const { message } = await it.messages({})
    expect(codes(message)).toEqual([undefined])
    expect(hits(message).map(({ url }) => url)).toEqual(['https://two.example/'])
  }
})

statement(36, 'only the last failure is shown', async (it) => {
  first.answer({ status: 500, body: 'oh' })
  second.answer({ status: 429, body: 'slow' })
  it.say([{ search: fresh('lamps') }], ['Fine.'])
  const { message } = await it.messages({})
  expect(['too_many_requests', 'unavailable']).toContain(codes(message)[0] as string)
  expect(textOf(message)).toBe('Fine.')
})

statement(36, 'searches are counted and priced per backend', async (it) => {
  first.answer(found({ url: 'https://one.example/' }))
  second.answer(found({ url: 'https://two.example/' }))
  it.say([{ search: fresh('a') }, { search: fresh('b') }], ['Fine.'])
  const { headers } = await it.messages({})
  const row = await requestRow(headers.get('x-request-id'))
  const searches = row.searches as { backend: string; outcome: string; cost: string }[]
  expect(searches).toHaveLength(2)
  for (const search of searches) {
    expect(search.outcome).toBe('ok')
    expect(['first', 'second']).toContain(search.backend)
    expect(Number(search.cost)).toBe(search.backend === 'first' ? 0.002 : 0.005)
  }
  expect(row.usage).toMatchObject({ web_searches: 2 })
  expect(row.attempts).toHaveLength(1)
})

statement(36, 'what a kept answer costs', async (it) => {
  first.answer(found({ url: 'https://one.example/' }))
  second.answer(found({ url: 'https://two.example/' }))
  const query = fresh('a')
  it.say([{ search: query }, { search: query }], ['Fine.'])
  const { headers, message } = await it.messages({})
  expect(hits(message)).toHaveLength(2)
  expect((await requestRow(headers.get('x-request-id'))).searches).toHaveLength(1)
})

statement(36, 'metrics name backends, and neither log nor metrics tell a query', async (it) => {
  first.answer(found({ url: 'https://one.example/' }))
  second.answer(found({ url: 'https://two.example/' }))
  it.say([{ search: fresh('verysecretquery') }], ['Fine.'])
  await it.messages({})
  const metrics = await (await fetch(`${world.url}/metrics`)).text()
  expect(metrics).toMatch(/backend="(first|second)"/)
  expect(metrics).toContain('outcome="ok"')
  expect(metrics).not.toContain('verysecretquery')
  await waitFor(() => (world.running?.output() ?? '') || undefined)
  expect(world.running?.output()).not.toContain('verysecretquery')
})

const search = (body: object): Promise<Response> =>
  fetch(`${world.url}/v1/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('36. the backends answer without a model', async () => {
  first.answer(found({ url: 'https://one.example/' }, { url: 'https://spam.example/' }))
  second.answer(found({ url: 'https://one.example/' }, { url: 'https://spam.example/' }))
  const response = await search({ query: fresh('lamps') })
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).toContain('https://one.example/')
  expect(text).toContain('https://spam.example/')
  for (const body of [{}, { query: '' }, { query: 7 }, { query: 'x', backend: 'none' }]) expect((await search(body)).status).toBe(400)
  const named = (await (await search({ query: fresh('lamps'), backend: 'second' })).json()) as object
  expect(JSON.stringify(named)).toContain('one.example')
})
