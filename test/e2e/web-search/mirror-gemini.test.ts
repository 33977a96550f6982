// Statement 34 of web search: a Gemini client searches and reads pages on models that know neither.

import { afterAll, expect, test } from 'bun:test'
import { GoogleGenAI } from '@google/genai'
import { startPages } from '../../kit/web-pages.ts'
import { type Answer, MODEL, QUERY, QUESTION, webSuite } from '../../kit/web-search.ts'

const pages = startPages()
afterAll(() => pages.stop())
const { statement, world } = webSuite({
  config: () => `
search: [{ name: fixture, backend: fixture }]
web: { allow_hosts: ["${pages.host}"], obey_robots: false }
`,
})
const OTHERS = { upstreams: ['chat', 'responses'] } as const
const SENTENCE = '用 npm 安裝 🚀 typescript@5.5'
const ANSWER = ['你好 👩‍👩‍👧, I looked. ', SENTENCE, ' [1]', '. And most apps 🎉 see few errors [2][3]. Bye 👋.']
const TEXT = `你好 👩‍👩‍👧, I looked. ${SENTENCE}. And most apps 🎉 see few errors. Bye 👋.`

interface Support {
  readonly segment: { readonly partIndex?: number; readonly startIndex?: number; readonly endIndex: number; readonly text: string }
  readonly groundingChunkIndices: readonly number[]
}
interface Grounding {
  readonly webSearchQueries?: readonly string[]
  readonly groundingChunks?: readonly { readonly web: { readonly uri: string; readonly title: string; readonly domain?: string } }[]
  readonly groundingSupports?: readonly Support[]
}
interface Candidate {
  readonly content?: { readonly parts?: readonly { readonly text?: string; readonly functionCall?: { name: string } }[] }
  readonly finishReason?: string
  readonly groundingMetadata?: Grounding
  readonly urlContextMetadata?: { readonly urlMetadata: readonly { retrievedUrl: string; urlRetrievalStatus: string }[] }
}

interface Read {
  readonly text: string
  readonly calls: readonly string[]
  readonly grounding: Grounding | undefined
  readonly context: Candidate['urlContextMetadata']
  readonly finish: string | undefined
  readonly usage: { readonly promptTokenCount: number; readonly candidatesTokenCount: number } | undefined
  readonly pieces: number
}

function read({ status, json, events, text }: Answer): Read {
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 500)}`)
  const bodies = events.length > 0 ? events.map(({ data }) => data) : [json]
  const candidates = bodies.flatMap((body) => (body.candidates as Candidate[] | undefined) ?? [])
  const parts = candidates.flatMap(({ content }) => content?.parts ?? [])
  return {
    text: parts.map((part) => part.text ?? '').join(''),
    calls: parts.flatMap(({ functionCall }) => functionCall?.name ?? []),
    grounding: candidates.findLast(({ groundingMetadata }) => groundingMetadata)?.groundingMetadata,
    context: candidates.findLast(({ urlContextMetadata }) => urlContextMetadata)?.urlContextMetadata,
    finish: candidates.findLast(({ finishReason }) => finishReason)?.finishReason,
    usage: bodies.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata as Read['usage'],
    pieces: parts.filter((part) => part.text !== undefined && part.text !== '').length,
  }
}
const bytes = (text: string, { segment }: Support): string =>
  Buffer.from(text)
    .subarray(segment.startIndex ?? 0, segment.endIndex)
    .toString('utf8')

statement(
  34,
  'googleSearch',
  async (it) => {
    it.say({ pieces: [{ search: QUERY }], input: 100, output: 7 }, { pieces: ANSWER, input: 900, output: 40 })
    const answer = await it.gemini({})
    const { text, grounding, finish, usage, calls, pieces } = read(answer)
    expect(text).toBe(TEXT)
    expect(calls).toEqual([])
    expect(finish).toBe('STOP')
    expect(usage).toMatchObject({ promptTokenCount: 1000, candidatesTokenCount: 47 })
    expect(grounding?.webSearchQueries).toEqual([QUERY])
    const chunks = grounding?.groundingChunks ?? []
    expect(chunks.length).toBeGreaterThan(2)
    for (const { web } of chunks) {
      expect(web.uri).toStartWith('https://')
      expect(web.title.length).toBeGreaterThan(0)
    }
    const supports = grounding?.groundingSupports ?? []
    expect(supports).toHaveLength(2)
    for (const support of supports) expect(bytes(TEXT, support)).toBe(support.segment.text)
    expect(supports.map(({ segment }) => segment.text.trim())).toEqual([`${SENTENCE}.`, 'And most apps 🎉 see few errors.'])
    expect(supports.map(({ groundingChunkIndices }) => groundingChunkIndices.length)).toEqual([1, 2])
    for (const { groundingChunkIndices } of supports) for (const index of groundingChunkIndices) expect(chunks[index]).toBeDefined()
    if (it.stream) expect(pieces).toBeGreaterThan(1)
    else expect(pieces).toBe(1)
    expect(answer.text).not.toMatch(/search_results id|functionCall|"web_search"/)
  },
  OTHERS,
)

statement(
  34,
  'the old spellings',
  async (it) => {
    for (const tool of [{ google_search: {} }, { googleSearchRetrieval: { dynamicRetrievalConfig: { mode: 'MODE_DYNAMIC' } } }]) {
      it.say([{ search: QUERY }], ['Done.'])
      expect(read(await it.gemini({ tools: [tool] })).grounding?.webSearchQueries).toEqual([QUERY])
    }
  },
  OTHERS,
)

statement(
  34,
  'two searches',
  async (it) => {
    it.say([{ search: 'sourdough bread' }, { search: 'heat pumps' }], ['Both [1].'])
    expect([...(read(await it.gemini({})).grounding?.webSearchQueries ?? [])].sort()).toEqual(['heat pumps', 'sourdough bread'])
  },
  OTHERS,
)

statement(
  34,
  'urlContext',
  async (it) => {
    const good = pages.html('/story', 'Story', '<p>The lamp burned for 14 hours.</p>')
    const bad = `${pages.url}/missing`
    it.say([{ fetch: good }, { fetch: bad }], ['It burned for 14 hours.'])
    const contents = [{ role: 'user', parts: [{ text: `Read ${good} and ${bad}` }] }]
    const { text, context } = read(await it.gemini({ contents, tools: [{ urlContext: {} }] }))
    expect(text).toBe('It burned for 14 hours.')
    expect(context?.urlMetadata).toEqual([
      { retrievedUrl: good, urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' },
      { retrievedUrl: bad, urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR' },
    ])
    expect(it.asked()[1]?.results.join()).toContain('14 hours')
  },
  OTHERS,
)

statement(
  34,
  'client functions beside it',
  async (it) => {
    const declared = {
      functionDeclarations: [{ name: 'get_weather', parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } } } }],
    }
    it.say([{ search: QUERY }, { call: 'get_weather', input: { city: 'Paris' } }])
    const { calls } = read(await it.gemini({ tools: [{ googleSearch: {} }, declared] }))
    expect(calls).toEqual(['get_weather'])
  },
  OTHERS,
)

statement(
  34,
  'a search that failed',
  async (it) => {
    it.say([{ search: 'test/unavailable' }], ['I could not.'])
    expect(read(await it.gemini({})).text).toBe('I could not.')
  },
  OTHERS,
)

for (const model of [MODEL.chat, MODEL.responses]) {
  test(`34. the official SDK reads both modes [${model}]`, async () => {
    const client = new GoogleGenAI({ apiKey: world.key, httpOptions: { baseUrl: world.url } })
    const body = { model, contents: QUESTION.content, config: { tools: [{ googleSearch: {} }] } }
    world.model.say([{ search: QUERY }], ANSWER)
    const whole = await client.models.generateContent(body)
    expect(whole.text).toBe(TEXT)
    world.model.say([{ search: QUERY }], ANSWER)
    let text = ''
    let grounding: unknown
    for await (const chunk of await client.models.generateContentStream(body)) {
      text += chunk.text ?? ''
      grounding = chunk.candidates?.[0]?.groundingMetadata ?? grounding
    }
    expect(text).toBe(TEXT)
    expect(grounding).toEqual(whole.candidates?.[0]?.groundingMetadata as never)
  })
}
