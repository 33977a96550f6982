// Statement 33 of web search: a Chat client searches on models that know no search; and functions that bear the names of
// Gemini's own tools.

import { expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type Answer, MODEL, QUERY, QUESTION, webSuite } from '../../kit/web-search.ts'

const { statement, world } = webSuite()
const OTHERS = { upstreams: ['messages', 'responses', 'chat'] } as const
const SENTENCE = '用 npm 安裝 🚀 typescript@5.5'
const ANSWER = ['你好 👩‍👩‍👧, I looked. ', SENTENCE, ' [1]', '. And most apps 🎉 see few errors [2][3]. Bye 👋.']
const TEXT = `你好 👩‍👩‍👧, I looked. ${SENTENCE}. And most apps 🎉 see few errors. Bye 👋.`

interface Annotation {
  readonly type: string
  readonly url_citation: { readonly start_index: number; readonly end_index: number; readonly url: string; readonly title: string }
}
interface Read {
  readonly content: string
  readonly annotations: readonly Annotation[]
  readonly tools: readonly { function: { name: string; arguments: string } }[]
  readonly finish: string
  readonly usage: { prompt_tokens: number; completion_tokens: number } | undefined
}

/** The message of a whole answer, or what the chunks add up to. */
function read({ status, json, events, text }: Answer): Read {
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 500)}`)
  type Wire = { content?: string | null; annotations?: Annotation[]; tool_calls?: Read['tools'][number][] }
  type Choice = { message?: Wire; delta?: Wire; finish_reason: string | null }
  const bodies = events.length > 0 ? events.map(({ data }) => data) : [json]
  const choices = bodies.flatMap((body) => (body.choices as Choice[] | undefined) ?? [])
  const wires = choices.map((choice) => choice.message ?? choice.delta ?? {})
  return {
    content: wires.map(({ content }) => content ?? '').join(''),
    annotations: wires.flatMap(({ annotations }) => annotations ?? []),
    tools: wires.flatMap(({ tool_calls }) => tool_calls ?? []),
    finish: choices.findLast(({ finish_reason }) => finish_reason !== null)?.finish_reason ?? '',
    usage: bodies.findLast(({ usage }) => usage)?.usage as Read['usage'],
  }
}
const span = (text: string, { url_citation: { start_index, end_index } }: Annotation): string =>
  [...text].slice(start_index, end_index).join('')

statement(
  33,
  'web_search_options on a model without search',
  async (it) => {
    it.say({ pieces: [{ search: QUERY }], input: 100, output: 7 }, { pieces: ANSWER, input: 900, output: 40 })
    const answer = await it.chat({ stream_options: it.stream ? { include_usage: true } : undefined })
    const message = read(answer)
    expect(message.content).toBe(TEXT)
    expect(message.finish).toBe('stop')
    expect(message.tools).toEqual([])
    expect(message.usage).toMatchObject({ prompt_tokens: 1000, completion_tokens: 47 })
    expect(message.annotations.map(({ type }) => type)).toEqual(['url_citation', 'url_citation', 'url_citation'])
    expect(message.annotations.map((annotation) => span(TEXT, annotation).trim())).toEqual([
      ...[`${SENTENCE}.`, 'And most apps 🎉 see few errors.', 'And most apps 🎉 see few errors.'],
    ])
    for (const { url_citation } of message.annotations) {
      expect(url_citation.url).toStartWith('https://')
      expect(url_citation.title.length).toBeGreaterThan(0)
    }
    expect(answer.text).not.toMatch(/tool_calls|search_results id|"name":"web_search"/)
  },
  { upstreams: ['gemini', 'responses', 'chat'] },
)

statement(
  33,
  'a search happens always, and only the first round is forced',
  async (it) => {
    it.say([{ search: QUERY }], ['Done.'])
    await it.chat({})
    expect([it.asked()[0]?.functions[0] as string, 'required']).toContain(it.asked()[0]?.choice as string)
    expect([undefined, 'auto']).toContain(it.asked()[1]?.choice)
  },
  { upstreams: ['gemini', 'responses', 'chat'] },
)

statement(
  33,
  'context size and place are taken',
  async (it) => {
    it.say([{ search: QUERY }], ['Done.'])
    const approximate = { city: 'Zürich', country: 'CH', region: 'ZH', timezone: 'Europe/Zurich' }
    const answer = await it.chat({
      web_search_options: { search_context_size: 'low', user_location: { type: 'approximate', approximate } },
    })
    expect(read(answer).content).toBe('Done.')
    expect(it.asked()[0]?.text).toContain('Zürich')
  },
  { upstreams: ['gemini', 'responses', 'chat'] },
)

statement(
  33,
  'client tools beside it',
  async (it) => {
    const weather = {
      type: 'function',
      function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    }
    it.say([{ search: QUERY }, { call: 'get_weather', input: { city: 'Paris' } }])
    const message = read(await it.chat({ tools: [weather] }))
    expect(message.finish).toBe('tool_calls')
    expect(new Set(message.tools.map((call) => call.function?.name).filter(Boolean))).toEqual(new Set(['get_weather']))
  },
  { upstreams: ['gemini', 'responses', 'chat'] },
)

statement(
  33,
  'a failed search is not told, the answer is',
  async (it) => {
    it.say([{ search: 'test/unavailable' }], ['I could not.'])
    const message = read(await it.chat({}))
    expect(message.content).toBe('I could not.')
    expect(message.annotations).toEqual([])
  },
  { upstreams: ['gemini', 'responses', 'chat'] },
)

statement(
  33,
  'Claude searches by itself',
  async (it) => {
    const url = 'https://lamps.example.com/'
    const citation = {
      type: 'web_search_result_location',
      url,
      title: 'Lamps',
      cited_text: 'Lamps are bright.',
      encrypted_index: 'Eo8BCioIAxgC',
    }
    it.say([
      { block: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'lamps' } } },
      {
        block: {
          ...{ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1' },
          content: [{ type: 'web_search_result', url, title: 'Lamps', page_age: null, encrypted_content: 'EqgfCioIARgB' }],
        },
      },
      { block: { type: 'text', text: 'Hello 🎉. ' } },
      { block: { type: 'text', text: 'They are bright.', citations: [citation] } },
    ])
    const message = read(await it.chat({}))
    expect(it.asked()[0]?.hosted).toMatchObject([{ name: 'web_search' }])
    expect(message.content).toBe('Hello 🎉. They are bright.')
    expect(message.annotations).toHaveLength(1)
    expect(span(message.content, message.annotations[0] as Annotation)).toBe('They are bright.')
    expect(message.annotations[0]?.url_citation.url).toBe(url)
  },
  { upstreams: ['messages'] },
)

for (const name of ['googleSearch', 'codeExecution', 'urlContext']) {
  statement(
    33,
    `a function named ${name} is Gemini's own tool on Gemini`,
    async (it) => {
      it.say(['Done.'])
      const answer = await it.chat({ web_search_options: undefined, tools: [{ type: 'function', function: { name } }] })
      expect(read(answer).content).toBe('Done.')
      expect(it.asked()[0]?.hosted).toEqual([{ [name]: {} }])
      expect(it.asked()[0]?.functions).toEqual([])
    },
    { upstreams: ['gemini'] },
  )
}

statement(
  33,
  'a function named googleSearch with parameters is an ordinary one',
  async (it) => {
    it.say([{ call: 'googleSearch', input: { q: 'x' } }])
    const own = { name: 'googleSearch', parameters: { type: 'object', properties: { q: { type: 'string' } } } }
    const message = read(await it.chat({ web_search_options: undefined, tools: [{ type: 'function', function: own }] }))
    expect(message.finish).toBe('tool_calls')
    expect(it.asked()[0]?.functions).toEqual(['googleSearch'])
  },
  OTHERS,
)

statement(
  33,
  'a function named googleSearch searches on other models',
  async (it) => {
    it.say([{ search: QUERY }], ['Done [1].'])
    const message = read(
      await it.chat({ web_search_options: undefined, tools: [{ type: 'function', function: { name: 'googleSearch' } }] }),
    )
    expect(message.content).toBe('Done.')
    expect(message.annotations).toHaveLength(1)
  },
  { upstreams: ['responses'] },
)

for (const model of [MODEL.gemini, MODEL.responses, MODEL.chat]) {
  test(`33. the official SDK reads both modes [${model}]`, async () => {
    const client = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: world.key, maxRetries: 0 })
    const body = { model, messages: [{ role: 'user' as const, content: QUESTION.content }], web_search_options: {} }
    world.model.say([{ search: QUERY }], ANSWER)
    const whole = await client.chat.completions.create(body)
    expect(whole.choices[0]?.message.annotations).toHaveLength(3)
    world.model.say([{ search: QUERY }], ANSWER)
    const final = await client.chat.completions.stream(body).finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe(TEXT)
    expect(final.choices[0]?.message.annotations).toEqual(whole.choices[0]?.message.annotations as never)
  })
}
