// Statement 35 of web search: who searches, the upstream or we. Native where it keeps every field of the declaration: in the
// client's own format, and on Anthropic for every client.

import { expect } from 'bun:test'
import { calls, citationsOf, hits, kinds, QUERY, QUESTION, SEARCH, textOf, webSuite } from '../../kit/web-search.ts'

const { statement } = webSuite({
  channels: (
    url,
  ) => `  - { name: chat-searching, provider: openai, base_url: "${url}/v1", credential: sk-up, models: [gpt-4o-search-preview], formats: [openai-chat] }
  - { name: bedrock, provider: bedrock, base_url: "${url}", credential: "AKIDEXAMPLE:secret", models: [{ model: claude-cloud, upstream_model: anthropic.claude-sonnet-4-5 }], formats: [anthropic-messages] }
  - { name: forced, provider: anthropic, base_url: "${url}", credential: sk-up, models: [{ model: claude-own-search, upstream_model: claude-sonnet-4-5 }], web_search: gateway }
  - { name: off, provider: anthropic, base_url: "${url}", credential: sk-up, models: [{ model: claude-no-search, upstream_model: claude-sonnet-4-5 }], web_search: off }
`,
})
const CLAUDE = { upstreams: ['messages'] } as const

const URL_FOUND = 'https://lamps.example.com/'
const SEALED = 'EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5LTQ1NGUtODgxNC1kNjNjNTk1ZWI3Yw=='
const NATIVE = [
  { block: { type: 'text', text: 'I will search.' } },
  {
    block: { type: 'server_tool_use', id: 'srvtoolu_01native', name: 'web_search', input: { query: 'lamps' }, caller: { type: 'direct' } },
  },
  {
    block: {
      ...{ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_01native', caller: { type: 'direct' } },
      content: [{ type: 'web_search_result', url: URL_FOUND, title: 'Lamps', page_age: 'May 1, 2025', encrypted_content: SEALED }],
    },
  },
  {
    block: {
      ...{ type: 'text', text: 'They are bright 💡.' },
      citations: [
        {
          type: 'web_search_result_location',
          url: URL_FOUND,
          title: 'Lamps',
          cited_text: 'Lamps are bright.',
          encrypted_index: 'Eo8BCioIAxgC',
        },
      ],
    },
  },
] as const

statement(
  35,
  'Messages on Anthropic: untouched',
  async (it) => {
    it.say(NATIVE)
    const tool = { ...SEARCH, max_uses: 3, allowed_domains: ['example.com/docs'], cache_control: { type: 'ephemeral' } }
    const { message } = await it.messages({ tools: [tool] })
    expect(it.asked()).toHaveLength(1)
    expect(it.asked()[0]?.json.tools).toEqual([tool])
    expect(kinds(message)).toEqual(['text', 'server_tool_use', 'web_search_tool_result', 'text'])
    expect(hits(message)[0]?.encrypted_content).toBe(SEALED)
    expect(citationsOf(message)[0]?.encrypted_index).toBe('Eo8BCioIAxgC')
    expect(message.usage.server_tool_use).toMatchObject({ web_search_requests: 1 })
  },
  CLAUDE,
)

statement(
  35,
  'Responses on Anthropic: its own search, filters and place kept',
  async (it) => {
    it.say(NATIVE)
    const filters = { allowed_domains: ['example.com'] }
    const user_location = { type: 'approximate', city: 'Paris', country: 'FR' }
    const answer = await it.responses({
      tools: [{ type: 'web_search', filters, user_location }],
      include: ['web_search_call.action.sources'],
    })
    expect(it.asked()).toHaveLength(1)
    expect(it.asked()[0]?.functions).toEqual([])
    const [tool] = it.asked()[0]?.hosted ?? []
    expect(tool).toMatchObject({ name: 'web_search', allowed_domains: ['example.com'], user_location: { city: 'Paris', country: 'FR' } })
    expect(String(tool?.type)).toMatch(/^web_search_\d{8}$/)
    const body = (it.stream ? answer.events.at(-1)?.data.response : answer.json) as { output: Record<string, unknown>[] }
    expect(body.output.map(({ type }) => type)).toEqual(['message', 'web_search_call', 'message'])
    expect(body.output[1]).toMatchObject({
      status: 'completed',
      action: { type: 'search', queries: ['lamps'], sources: [{ url: URL_FOUND }] },
    })
    expect(answer.text).not.toContain(SEALED)
  },
  CLAUDE,
)

statement(
  35,
  'Gemini on Anthropic',
  async (it) => {
    it.say(NATIVE)
    const answer = await it.gemini({})
    expect(it.asked()[0]?.hosted).toMatchObject([{ name: 'web_search' }])
    expect(answer.text).toContain(URL_FOUND)
    expect(answer.text).toContain('"webSearchQueries":["lamps"]')
  },
  CLAUDE,
)

statement(
  35,
  'a turn that Anthropic pauses goes on by itself for other clients',
  async (it) => {
    it.say({ pieces: NATIVE.slice(0, 3), finish: 'pause_turn' }, [NATIVE[3]])
    const answer = await it.responses({})
    expect(it.asked()).toHaveLength(2)
    expect(it.asked()[1]?.text).toContain(SEALED)
    expect(answer.text).toContain('They are bright')
    const body = (it.stream ? answer.events.at(-1)?.data.response : answer.json) as { status: string }
    expect(body.status).toBe('completed')
  },
  CLAUDE,
)

statement(
  35,
  'a pause goes through to clients of Messages',
  async (it) => {
    it.say({ pieces: NATIVE.slice(0, 2), finish: 'pause_turn' })
    const { message } = await it.messages({})
    expect(message.stop_reason).toBe('pause_turn')
    expect(it.asked()).toHaveLength(1)
  },
  CLAUDE,
)

statement(
  35,
  'both lists, which Anthropic cannot take: we search',
  async (it) => {
    it.say([{ search: QUERY }], ['Done.'])
    const filters = { allowed_domains: ['example.com', 'typescriptlang.org'], blocked_domains: ['docs.example.com'] }
    const answer = await it.responses({ tools: [{ type: 'web_search', filters }], include: ['web_search_call.action.sources'] })
    expect(it.asked()[0]?.functions).toHaveLength(1)
    expect(it.asked()[0]?.hosted).toEqual([])
    expect(answer.text).toContain('webdev.example.com')
    expect(answer.text).not.toContain('docs.example.com/')
  },
  CLAUDE,
)

statement(
  35,
  'Responses on Responses: untouched',
  async (it) => {
    it.say(['Done.'])
    const tools = [{ type: 'web_search', filters: { allowed_domains: ['example.com'] }, search_context_size: 'low' }]
    await it.responses({ tools })
    expect(it.asked()[0]?.json.tools).toEqual(tools)
  },
  { upstreams: ['responses'] },
)

statement(
  35,
  'Gemini on Gemini: untouched',
  async (it) => {
    it.say(['Done.'])
    const tools = [
      { googleSearch: { timeRangeFilter: { startTime: '2025-01-01T00:00:00Z', endTime: '2025-02-01T00:00:00Z' } } },
      { urlContext: {} },
    ]
    await it.gemini({ tools })
    expect(it.asked()[0]?.json.tools).toEqual(tools)
  },
  { upstreams: ['gemini'] },
)

statement(
  35,
  'Chat on a Chat model that searches: untouched; on one that does not we search',
  async (it) => {
    it.say(['Done.'])
    await it.chat({ model: 'gpt-4o-search-preview' })
    expect(it.asked()[0]?.json.web_search_options).toEqual({})
    it.say([{ search: QUERY }], ['Done.'])
    await it.chat({})
    expect(it.asked()).toHaveLength(2)
    expect(it.asked()[0]?.json.web_search_options).toBeUndefined()
    expect(it.asked()[0]?.functions).toHaveLength(1)
  },
  { upstreams: ['chat'] },
)

statement(
  35,
  'Messages on a Responses or Gemini upstream: we search',
  async (it) => {
    it.say([{ search: QUERY }], ['Done [1].'])
    const { message } = await it.messages({})
    expect(it.asked()[0]?.hosted).toEqual([])
    expect(it.asked()[0]?.functions).toEqual(['web_search'])
    expect(textOf(message)).toBe('Done.')
  },
  { upstreams: ['responses', 'gemini'] },
)

statement(
  35,
  'a cloud without search: we search, and Claude cites by itself',
  async (it) => {
    it.say([{ search: QUERY }], ({ json }) => {
      const text = JSON.stringify(json)
      const source = /"type":"search_result","source":"([^"]+)"/.exec(text)?.[1] ?? ''
      const quoted = /"content":\[\{"type":"text","text":"([^"\\]+)"/.exec(text)?.[1] ?? ''
      const place = { search_result_index: 0, start_block_index: 0, end_block_index: 1 }
      const citation = { type: 'search_result_location', source, title: 'T', cited_text: quoted, ...place }
      return [{ block: { type: 'text', text: 'It is out.', citations: [citation] } }, { block: { type: 'text', text: ' Bye.' } }]
    })
    const { message } = await it.messages({ model: 'claude-cloud' })
    expect(calls(message)).toHaveLength(1)
    expect(textOf(message)).toBe('It is out. Bye.')
    const [citation] = citationsOf(message)
    expect(citation).toMatchObject({
      type: 'web_search_result_location',
      url: hits(message)[0]?.url as string,
      title: hits(message)[0]?.title as string,
    })
    expect(citation?.encrypted_index.length).toBeGreaterThan(20)
    expect(citation?.cited_text.length).toBeGreaterThan(5)
  },
  { upstreams: ['messages'], modes: ['unary'] },
)

statement(
  35,
  'the operator may choose: `web_search: gateway` and `off`',
  async (it) => {
    it.say([{ search: QUERY }], ['Done.'])
    const { message } = await it.messages({ model: 'claude-own-search' })
    expect(it.asked()[0]?.functions).toHaveLength(1)
    expect(calls(message)).toHaveLength(1)
    it.say(['never'])
    const off = await it.messages({ model: 'claude-no-search' })
    expect(off.status).toBe(400)
    expect((await it.messages({ model: 'claude-no-search', tools: undefined, messages: [QUESTION] })).status).toBe(200)
  },
  CLAUDE,
)

statement(
  35,
  'every field that Anthropic has is handed on',
  async (it) => {
    it.say(NATIVE)
    const filters = { blocked_domains: ['spam.example.com'] }
    await it.responses({ tools: [{ type: 'web_search', filters }], max_tool_calls: 2, tool_choice: { type: 'web_search' } })
    expect(it.asked()[0]?.hosted).toMatchObject([{ name: 'web_search', blocked_domains: ['spam.example.com'], max_uses: 2 }])
    expect(it.asked()[0]?.choice).toBe('web_search')
    it.say(NATIVE)
    const approximate = { city: 'Zürich', region: 'ZH', country: 'CH', timezone: 'Europe/Zurich' }
    await it.chat({ web_search_options: { user_location: { type: 'approximate', approximate } } })
    expect(it.asked()[0]?.hosted).toMatchObject([{ name: 'web_search', user_location: { type: 'approximate', ...approximate } }])
    expect(it.asked()[0]?.choice).toBe('web_search')
    it.say(NATIVE)
    await it.gemini({ tools: [{ googleSearch: { excludeDomains: ['spam.example.com'] } }, { urlContext: {} }] })
    expect(it.asked()[0]?.hosted).toMatchObject([{ name: 'web_search', blocked_domains: ['spam.example.com'] }, { name: 'web_fetch' }])
  },
  CLAUDE,
)
