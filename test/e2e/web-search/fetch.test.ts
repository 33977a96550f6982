// Statement 30 of web search: fetching a page, what may be fetched, and what comes back.

import { afterAll, expect } from 'bun:test'
import { startPages } from '../../kit/web-pages.ts'
import {
  calls,
  citationsOf,
  codes,
  FETCH,
  type FetchedPage,
  fetchResults,
  type Message,
  textOf,
  WEATHER,
  webSuite,
} from '../../kit/web-search.ts'

const pages = startPages()
afterAll(() => pages.stop())
const { statement } = webSuite({ config: () => `web: { allow_hosts: ["${pages.host}"], obey_robots: true }\n` })

const STORY = 'The lamp was invented in 1879. It burned for 14 hours in the first trial. Nobody had seen the like before.'
const story = pages.html('/story', 'A story of lamps', `<p>${STORY}</p><p style="display:none">hidden words</p><a href="/other">more</a>`)
const pageOf = (message: Message, at = 0): FetchedPage => fetchResults(message)[at]?.content as FetchedPage
const reading = (...urls: string[]): { messages: object[] } => ({
  messages: [{ role: 'user', content: `Please read ${urls.join(' and ')}.` }],
})

statement(30, 'a page', async (it) => {
  it.say([{ fetch: story }], ['It was invented in 1879.'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(story) })
  const [call] = calls(message)
  expect(call).toMatchObject({ type: 'server_tool_use', name: 'web_fetch', input: { url: story }, caller: { type: 'direct' } })
  expect(call?.id).toMatch(/^srvtoolu_/)
  expect(fetchResults(message)[0]).toMatchObject({ tool_use_id: call?.id, caller: { type: 'direct' } })
  const page = pageOf(message)
  expect(page).toMatchObject({
    ...{ type: 'web_fetch_result', url: story },
    content: { type: 'document', title: 'A story of lamps', source: { type: 'text', media_type: 'text/plain' } },
  })
  expect(Date.parse(page.retrieved_at)).toBeGreaterThan(Date.now() - 60_000)
  expect(page.content.source.data).toContain(STORY)
  expect(page.content.source.data).not.toContain('hidden words')
  expect(it.asked()[1]?.results[0]).toContain(STORY)
  expect(message.usage.server_tool_use).toEqual({ web_search_requests: 0, web_fetch_requests: 1 })
  expect(textOf(message)).toBe('It was invented in 1879.')
})

statement(30, 'citations on', async (it) => {
  it.say([{ fetch: story }], ['It burned for 14 hours [1].'])
  const { message } = await it.messages({ tools: [{ ...FETCH, citations: { enabled: true } }], ...reading(story) })
  const [citation] = citationsOf(message)
  expect(citation).toMatchObject({ type: 'char_location', document_index: 0, document_title: 'A story of lamps' })
  const text = pageOf(message).content.source.data
  expect(text.slice(citation?.start_char_index, citation?.end_char_index)).toBe(citation?.cited_text as string)
  expect(citation?.cited_text).toContain('14 hours')
  expect(pageOf(message).content.citations).toEqual({ enabled: true })
  expect(textOf(message)).toBe('It burned for 14 hours.')
})

statement(30, 'citations off', async (it) => {
  it.say([{ fetch: story }], ['It burned for 14 hours [1].'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(story) })
  expect(citationsOf(message)).toEqual([])
})

statement(30, 'only addresses that were named', async (it) => {
  const other = `${pages.url}/other`
  it.say([{ fetch: other }, { fetch: `${story}?secret=abc` }], [{ fetch: story }], [{ fetch: other }], ['Done.'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(story) })
  expect(codes(message)).toEqual(['url_not_in_prior_context', 'url_not_in_prior_context', undefined, 'url_not_accessible'])
})

statement(30, 'an address from a result of a client tool', async (it) => {
  const body = {
    tools: [FETCH, WEATHER],
    messages: [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: `see ${story}` }] },
    ],
  }
  it.say([{ fetch: story }], ['Done.'])
  expect(codes((await it.messages(body)).message)).toEqual([undefined])
  for (const client_tool_results of [{ type: 'none' }, { type: 'except', tools: [{ type: 'tool_reference', name: 'get_weather' }] }]) {
    it.say([{ fetch: story }], ['Done.'])
    const tools = [{ ...FETCH, url_sources: { client_tool_results } }, WEATHER]
    expect(codes((await it.messages({ ...body, tools })).message)).toEqual(['url_not_in_prior_context'])
  }
})

statement(30, 'url_sources without the user', async (it) => {
  it.say([{ fetch: story }], ['Done.'])
  const { message } = await it.messages({ tools: [{ ...FETCH, url_sources: { user_input: { type: 'none' } } }], ...reading(story) })
  expect(codes(message)).toEqual(['url_not_in_prior_context'])
})

statement(30, 'url_sources that are wrong', async (it) => {
  it.say(['never'])
  for (const url_sources of [
    { user_input: { type: 'only', tools: [] } },
    { client_tool_results: { type: 'only' } },
    { server_tool_results: 7 },
  ]) {
    expect((await it.messages({ tools: [{ ...FETCH, url_sources }], ...reading(story) })).status).toBe(400)
  }
})

for (const [title, script, code] of [
  ['404', { status: 404, body: 'gone' }, 'url_not_accessible'],
  ['500', { status: 500, body: 'oh' }, 'url_not_accessible'],
  ['429', { status: 429, body: 'slow' }, 'too_many_requests'],
  ['a picture', { headers: { 'content-type': 'image/png' }, body: '\u0089PNG\r\n\u001a\n' }, 'unsupported_content_type'],
  ['a broken PDF', { headers: { 'content-type': 'application/pdf' }, body: '%PDF-1.4 broken' }, 'unsupported_content_type'],
  ['a cut page', { headers: { 'content-type': 'text/html' }, pieces: ['<p>half', 'cut'] }, 'url_not_accessible'],
  ['six megabytes', { headers: { 'content-type': 'text/html' }, body: '<p>word</p>'.repeat(600_000) }, 'content_too_large'],
] as const) {
  statement(30, `a page that is ${title}`, async (it) => {
    const url = pages.put(`/bad/${encodeURIComponent(title)}`, script)
    it.say([{ fetch: url }], ['Never mind.'])
    const { status, message } = await it.messages({ tools: [FETCH], ...reading(url) })
    expect(status).toBe(200)
    expect(codes(message)).toEqual([code])
    expect(pageOf(message)).toEqual({ type: 'web_fetch_tool_result_error', error_code: code } as never)
    expect(message.usage.server_tool_use?.web_fetch_requests).toBe(1)
  })
}

statement(30, 'other kinds of text', async (it) => {
  const plain = pages.put('/notes.txt', { headers: { 'content-type': 'text/plain' }, body: 'Plain words.' })
  const json = pages.put('/data.json', { headers: { 'content-type': 'application/json' }, body: '{"lamps": 7}' })
  it.say([{ fetch: plain }, { fetch: json }], ['Done.'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(plain, json) })
  const texts = fetchResults(message).map((_, at) => pageOf(message, at).content.source.data)
  expect(texts.sort()).toEqual(['Plain words.', '{"lamps": 7}'])
})

statement(30, 'a PDF', async (it) => {
  const url = pages.put('/paper.pdf', { headers: { 'content-type': 'application/pdf' }, body: smallPdf('Lamps are bright') })
  it.say([{ fetch: url }], ['Bright.'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(url) })
  expect(codes(message)).toEqual([undefined])
  const { source } = pageOf(message).content
  if (source.type === 'text') expect(source.data).toContain('Lamps are bright')
  else expect(source).toMatchObject({ type: 'base64', media_type: 'application/pdf' })
})

for (const [given, code] of [
  [{}, 'invalid_tool_input'],
  [{ url: '' }, 'invalid_tool_input'],
  [{ url: 7 }, 'invalid_tool_input'],
  [{ url: 'ftp://example.com/' }, 'invalid_tool_input'],
  [{ url: 'no address' }, 'invalid_tool_input'],
  [{ url: `https://example.com/${'a'.repeat(240)}` }, 'url_too_long'],
] as const) {
  statement(30, `${code}: ${JSON.stringify(given).slice(0, 30)}`, async (it) => {
    it.say([{ fetch: given }], ['Never mind.'])
    const { message } = await it.messages({ tools: [FETCH], ...reading(`https://example.com/${'a'.repeat(240)}`) })
    expect(codes(message)).toEqual([code])
  })
}

statement(30, 'max_content_tokens', async (it) => {
  const url = pages.html('/long', 'Long', '<p>Some words stand here in a row.</p>'.repeat(500))
  it.say([{ fetch: url }], ['Long.'])
  const { message } = await it.messages({ tools: [{ ...FETCH, max_content_tokens: 100 }], ...reading(url) })
  const { data } = pageOf(message).content.source
  expect(data.length).toBeGreaterThan(50)
  expect(data.length).toBeLessThan(800)
})

statement(30, 'use_cache', async (it) => {
  const url = pages.html(`/cached-${it.upstream}-${it.mode}`, 'Cached', '<p>First words.</p>')
  const read = async (tool: object): Promise<string> => {
    it.say([{ fetch: url }], ['Done.'])
    const { message } = await it.messages({ tools: [tool], ...reading(url) })
    return pageOf(message).content.source.data
  }
  const newer = { type: 'web_fetch_20260309', name: 'web_fetch' }
  expect(await read(FETCH)).toContain('First words.')
  pages.html(`/cached-${it.upstream}-${it.mode}`, 'Cached', '<p>Second words.</p>')
  expect(await read(newer)).toContain('First words.')
  expect(await read({ ...newer, use_cache: false })).toContain('Second words.')
  expect(await read({ ...FETCH, use_cache: false })).toContain('words.')
})

statement(30, 'robots.txt', async (it) => {
  const site = startPages()
  site.put('/robots.txt', { headers: { 'content-type': 'text/plain' }, body: 'User-agent: *\nDisallow: /private\n' })
  const closed = site.html('/private/a', 'Private', '<p>private</p>')
  it.say([{ fetch: closed }], ['Never mind.'])
  const { message } = await it.messages({ tools: [FETCH], ...reading(closed) })
  expect(codes(message)).toEqual(['url_not_allowed'])
  expect(site.visits()).toEqual([])
  site.stop()
})

statement(30, 'a page carried into the next turn', async (it) => {
  it.say([{ fetch: story }], ['It was invented in 1879.'])
  const first = (await it.messages({ tools: [FETCH], ...reading(story) })).message
  it.say(['14 hours.'])
  const { message } = await it.messages({
    tools: [FETCH],
    messages: [...reading(story).messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'How long?' }],
  })
  expect(textOf(message)).toBe('14 hours.')
  expect(it.asked()[0]?.results.join()).toContain(STORY)
})

/** The least PDF with one line of text. */
function smallPdf(line: string): string {
  const content = `BT /F1 24 Tf 72 700 Td (${line}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((body, index) => {
    const at = text.length
    text += `${index + 1} 0 obj\n${body}\nendobj\n`
    return at
  })
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  return `${text}xref\n0 6\n0000000000 65535 f \n${table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`
}
