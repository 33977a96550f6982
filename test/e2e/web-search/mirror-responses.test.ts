// Statement 32 of web search: a Responses client searches on models that know no search.

import { expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type Answer, type Case, fresh, MODEL, QUERY, QUESTION, webSuite } from '../../kit/web-search.ts'

const suite = webSuite()
const { world } = suite
/** Upstreams of other formats than the client's. */
const statement: typeof suite.statement = (number, title, run, variants = {}) =>
  suite.statement(number, title, run, { upstreams: ['chat', 'gemini'], ...variants })
const SENTENCE = '用 npm 安裝 🚀 typescript@5.5'
const ANSWER = ['你好 👩‍👩‍👧, I looked. ', SENTENCE, ' [1]', '. And most apps 🎉 see few errors [2][3]. Bye 👋.']
const TEXT = `你好 👩‍👩‍👧, I looked. ${SENTENCE}. And most apps 🎉 see few errors. Bye 👋.`

interface Annotation {
  readonly type: string
  readonly start_index: number
  readonly end_index: number
  readonly url: string
  readonly title: string
}
interface Item {
  readonly type: string
  readonly id: string
  readonly status: string
  readonly name?: string
  readonly action?: { type: string; query?: string; queries?: string[]; sources?: { type: string; url: string }[]; url?: string }
  readonly content?: readonly { type: string; text: string; annotations: readonly Annotation[] }[]
}
interface Body {
  readonly status: string
  readonly output: readonly Item[]
  readonly usage: { input_tokens: number; output_tokens: number }
}

/** The whole answer, which a stream tells in its last event. */
function bodyOf(answer: Answer): Body {
  const whole = answer.events.length > 0 ? answer.events.at(-1)?.data.response : answer.json
  expect(answer.status).toBe(200)
  return whole as Body
}
const callsOf = ({ output }: Body): Item[] => output.filter(({ type }) => type === 'web_search_call')
const partsOf = ({ output }: Body): NonNullable<Item['content']>[number][] => output.flatMap(({ content }) => content ?? [])
const textOf = (body: Body): string =>
  partsOf(body)
    .map(({ text }) => text)
    .join('')
/** OpenAI counts characters, not UTF-16 units. */
const span = (text: string, { start_index, end_index }: Annotation): string => [...text].slice(start_index, end_index).join('')

async function searched(it: Case, body: object = {}): Promise<Body> {
  it.say({ pieces: [{ search: QUERY }], input: 100, output: 7 }, { pieces: ANSWER, input: 900, output: 40 })
  return bodyOf(await it.responses({ tool_choice: 'auto', ...body }))
}

statement(32, 'the items', async (it) => {
  const body = await searched(it)
  expect(body.status).toBe('completed')
  expect(body.output.map(({ type }) => type)).toEqual(['web_search_call', 'message'])
  const [call] = callsOf(body)
  expect(call?.id).toMatch(/^ws_/)
  expect(call).toMatchObject({ status: 'completed', action: { type: 'search', queries: [QUERY] } })
  expect(call?.action).not.toHaveProperty('sources')
  expect(textOf(body)).toBe(TEXT)
  expect(body.usage).toMatchObject({ input_tokens: 1000, output_tokens: 47 })
})

statement(32, 'sources when they are asked for', async (it) => {
  const body = await searched(it, { include: ['web_search_call.action.sources'] })
  const sources = callsOf(body)[0]?.action?.sources ?? []
  expect(sources.length).toBeGreaterThan(2)
  for (const source of sources) expect(source).toEqual({ type: 'url', url: expect.stringMatching(/^https:/) as never })
})

statement(32, 'citations stand at their spans, in characters', async (it) => {
  const body = await searched(it, { include: ['web_search_call.action.sources'] })
  const sources = callsOf(body)[0]?.action?.sources ?? []
  expect(partsOf(body)).toHaveLength(1)
  const [part] = partsOf(body)
  const annotations = part?.annotations ?? []
  expect(annotations.map(({ type }) => type)).toEqual(['url_citation', 'url_citation', 'url_citation'])
  expect(annotations.map((annotation) => span(part?.text ?? '', annotation).trim())).toEqual([
    ...[`${SENTENCE}.`, 'And most apps 🎉 see few errors.', 'And most apps 🎉 see few errors.'],
  ])
  expect(annotations.map(({ url }) => url)).toEqual(sources.slice(0, 3).map(({ url }) => url))
  for (const { title } of annotations) expect(title.length).toBeGreaterThan(0)
})

statement(
  32,
  'the order of events',
  async (it) => {
    it.say([{ search: QUERY }], ANSWER)
    const { events } = await it.responses({ tool_choice: 'auto' })
    const order = events.map(({ data }) => String(data.type).replace('response.', ''))
    const runs = order.filter((item, index) => item !== order[index - 1])
    const loop = runs.slice(runs.indexOf('content_part.added') + 1, runs.indexOf('output_text.done'))
    expect(runs.slice(0, runs.indexOf('content_part.added') + 1)).toEqual([
      ...['created', 'in_progress', 'output_item.added', 'web_search_call.in_progress', 'web_search_call.searching'],
      ...['web_search_call.completed', 'output_item.done', 'output_item.added', 'content_part.added'],
    ])
    expect(new Set(loop)).toEqual(new Set(['output_text.delta', 'output_text.annotation.added']))
    expect(runs.slice(-4)).toEqual(['output_text.done', 'content_part.done', 'output_item.done', 'completed'])
    for (const [index, { data }] of events.entries()) expect(data.sequence_number).toBe(index)
    const added = events.find(({ data }) => data.type === 'response.output_item.added')?.data.item as Item
    expect(added).toMatchObject({ type: 'web_search_call', status: 'in_progress' })
    expect(added).not.toHaveProperty('action')
    // Each citation comes when the words it is about are out.
    let text = ''
    for (const { data } of events) {
      if (data.type === 'response.output_text.delta') text += String(data.delta)
      if (data.type !== 'response.output_text.annotation.added') continue
      const annotation = data.annotation as Annotation
      expect([...text].length).toBeGreaterThanOrEqual(annotation.end_index)
      expect(span(text, annotation)).toMatch(/typescript@5\.5|few errors/)
    }
  },
  { modes: ['stream'] },
)

statement(32, 'a search that failed', async (it) => {
  it.say([{ search: 'test/unavailable' }], ['I could not.'])
  const body = bodyOf(await it.responses({}))
  expect(callsOf(body).map(({ status }) => status)).toEqual(['failed'])
  expect(textOf(body)).toBe('I could not.')
  expect(body.status).toBe('completed')
})

statement(32, 'a client function beside a search', async (it) => {
  const weather = {
    type: 'function',
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    strict: false,
  }
  it.say([{ search: QUERY }, { call: 'get_weather', input: { city: 'Paris' } }])
  const body = bodyOf(await it.responses({ tools: [{ type: 'web_search' }, weather] }))
  expect(body.output.map(({ type }) => type).sort()).toEqual(['function_call', 'web_search_call'])
  expect(body.output.find(({ type }) => type === 'function_call')?.name).toBe('get_weather')
})

statement(32, 'a client function that is called web_search', async (it) => {
  const own = {
    type: 'function',
    name: 'web_search',
    parameters: { type: 'object', properties: { place: { type: 'string' } } },
    strict: false,
  }
  it.say(({ functions }) => {
    const hosted = functions.find((name) => name !== 'web_search')
    expect(functions).toHaveLength(2)
    return [
      { call: hosted ?? 'none', input: { query: QUERY } },
      { call: 'web_search', input: { place: 'here' } },
    ]
  })
  const body = bodyOf(await it.responses({ tools: [own, { type: 'web_search' }] }))
  expect(callsOf(body)).toHaveLength(1)
  expect(body.output.find(({ type }) => type === 'function_call')?.name).toBe('web_search')
})

statement(32, 'choices and caps', async (it) => {
  it.say([{ search: QUERY }], ['Done.'])
  await it.responses({ tool_choice: { type: 'web_search' } })
  expect([it.asked()[0]?.functions[0] as string, 'required']).toContain(it.asked()[0]?.choice as string)
  expect([undefined, 'auto']).toContain(it.asked()[1]?.choice)
  it.say([{ search: fresh('a') }], [{ search: fresh('b') }], ['Done.'])
  const body = bodyOf(await it.responses({ max_tool_calls: 1 }))
  expect(callsOf(body).filter(({ status }) => status === 'completed')).toHaveLength(1)
  expect(textOf(body)).toBe('Done.')
})

statement(32, 'filters hold', async (it) => {
  it.say([{ search: QUERY }], ['Done.'])
  const include = ['web_search_call.action.sources']
  const tools = [{ type: 'web_search', filters: { allowed_domains: ['webdev.example.com'] }, search_context_size: 'low' }]
  const body = bodyOf(await it.responses({ tools, include }))
  const urls = callsOf(body)[0]?.action?.sources?.map(({ url }) => new URL(url).hostname) ?? []
  expect(new Set(urls)).toEqual(new Set(['webdev.example.com']))
})

statement(32, 'every name of the tool', async (it) => {
  for (const type of ['web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11']) {
    it.say([{ search: QUERY }], ['Done.'])
    expect(callsOf(bodyOf(await it.responses({ tools: [{ type }] })))).toHaveLength(1)
  }
})

statement(32, 'items come back', async (it) => {
  const first = await searched(it)
  it.say(['Fine.'])
  const input = [{ role: 'user', content: QUESTION.content }, ...first.output, { role: 'user', content: 'More?' }]
  const body = bodyOf(await it.responses({ input }))
  expect(textOf(body)).toBe('Fine.')
  expect(it.asked()[0]?.text).toContain(SENTENCE)
  it.say(['Fine.'])
  const unknown = { type: 'web_search_call', id: 'ws_unknown', status: 'completed', action: { type: 'search', query: 'x' } }
  expect(textOf(bodyOf(await it.responses({ input: [unknown, { role: 'user', content: 'More?' }] })))).toBe('Fine.')
})

statement(32, 'JSON asked for: no citations and whole JSON', async (it) => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  it.say([{ search: QUERY }], ['{"a": "see [1] for more"}'])
  const body = bodyOf(await it.responses({ text: { format: { type: 'json_schema', name: 'x', schema, strict: true } } }))
  expect(textOf(body)).toBe('{"a": "see [1] for more"}')
  expect(partsOf(body).flatMap(({ annotations }) => annotations)).toEqual([])
})

for (const model of [MODEL.chat, MODEL.gemini]) {
  test(`32. the official SDK reads the stream [${model}]`, async () => {
    world.model.say([{ search: QUERY }], ANSWER)
    const client = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: world.key, maxRetries: 0 })
    const stream = client.responses.stream({ model, input: QUESTION.content, tools: [{ type: 'web_search' }], tool_choice: 'auto' })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(TEXT)
    expect(final.output.map(({ type }) => type)).toEqual(['web_search_call', 'message'])
  })
}

statement(
  32,
  'on Claude the evidence is cited natively',
  async (it) => {
    it.say([{ search: QUERY }], ({ json }) => {
      const text = JSON.stringify(json)
      expect(text).toContain('"search_result"')
      const source = /"source":"(https:[^"]+)"/.exec(text)?.[1] ?? ''
      const title = /"title":"([^"]+)"/.exec(text)?.[1] ?? ''
      const quoted = /"content":\[\{"type":"text","text":"([^"\\]+)"/.exec(text)?.[1] ?? ''
      const citation = {
        ...{ type: 'search_result_location', source, title, cited_text: quoted },
        ...{ search_result_index: 0, start_block_index: 0, end_block_index: 1 },
      }
      return [{ block: { type: 'text', text: 'It is out.', citations: [citation] } }, { block: { type: 'text', text: ' Bye.' } }]
    })
    const filters = { allowed_domains: ['typescriptlang.org', 'example.com'], blocked_domains: ['docs.example.com'] }
    const body = bodyOf(await it.responses({ tools: [{ type: 'web_search', filters }] }))
    expect(it.asked()[0]?.functions).toHaveLength(1)
    expect(textOf(body)).toBe('It is out. Bye.')
    const [annotation] = partsOf(body).flatMap(({ annotations }) => annotations)
    expect(annotation?.url).toStartWith('https://')
    expect(span(textOf(body), annotation as Annotation)).toBe('It is out.')
  },
  { upstreams: ['messages'] },
)

statement(32, 'nothing of the inside is told', async (it) => {
  it.say([{ search: QUERY }], ANSWER.slice(1))
  const { text } = await it.responses({})
  expect(text).not.toMatch(/"function_call"|search_results id|encrypted_content|【/)
  expect(text).not.toContain('"name":"web_search"')
})
