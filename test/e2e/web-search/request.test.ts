// Statements 1 to 8 of web search: what a request may declare, and what is refused as a whole.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { calls, codes, FETCH, hits, kinds, QUERY, SEARCH, searchResults, textOf, WEATHER, World, webSuite } from '../../kit/web-search.ts'

const { statement } = webSuite()
const ANSWER = ['Run npm install -D typescript@5.5 [1].']
const rounds = [[{ search: QUERY }], ANSWER] as const

const SEARCHES = ['web_search_20250305', 'web_search_20260209', 'web_search_20260318', 'web_search_20290101']
const FETCHES = ['web_fetch_20250910', 'web_fetch_20260209', 'web_fetch_20260309', 'web_fetch_20260318', 'web_fetch_20290101']

for (const type of SEARCHES) {
  statement(1, `${type} searches`, async (it) => {
    it.say(...rounds)
    const { message } = await it.messages({ tools: [{ type, name: 'web_search' }] })
    expect(kinds(message).slice(0, 2)).toEqual(['server_tool_use', 'web_search_tool_result'])
    expect(message.stop_reason).toBe('end_turn')
  })
}
for (const type of FETCHES) {
  statement(1, `${type} is taken`, async (it) => {
    it.say([{ fetch: 'https://made-up.example.com/' }], ANSWER)
    const { message } = await it.messages({ tools: [{ type, name: 'web_fetch' }] })
    expect(kinds(message).slice(0, 2)).toEqual(['server_tool_use', 'web_fetch_tool_result'])
    expect(codes(message)).toEqual(['url_not_in_prior_context'])
  })
}

/** A 400 in Anthropic's shape that says where. */
function refused(title: string, number: number, tool: object, where: RegExp): void {
  statement(number, `refused: ${title}`, async (it) => {
    it.say(ANSWER)
    const { status, json } = await it.messages({ tools: [tool] })
    expect(status).toBe(400)
    expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
    expect(String((json.error as { message: string }).message)).toMatch(where)
    expect(it.asked()).toHaveLength(0)
  })
}

/** The declaration is fine, and the model answers. */
function accepted(title: string, number: number, tool: object): void {
  statement(number, `fine: ${title}`, async (it) => {
    it.say(ANSWER)
    const { message } = await it.messages({ tools: [tool] })
    expect(textOf(message)).toStartWith('Run npm install -D typescript@5.5')
    expect(calls(message)).toEqual([])
  })
}

refused('a search with another name', 1, { ...SEARCH, name: 'search' }, /tools\[0\]\.name/)
refused('a search without a name', 1, { type: SEARCH.type }, /tools\[0\]\.name/)
refused('a fetch with another name', 1, { ...FETCH, name: 'web_search' }, /tools\[0\]\.name/)
accepted('every caller', 1, { ...SEARCH, allowed_callers: ['direct', 'code_execution_20260120', 'code_execution_20260521'] })
accepted('only a sandbox as caller', 1, { type: 'web_search_20260209', name: 'web_search', allowed_callers: ['code_execution_20260120'] })
accepted('cache_control, strict and defer_loading', 1, {
  ...SEARCH,
  cache_control: { type: 'ephemeral' },
  strict: true,
  defer_loading: false,
})
accepted('response_inclusion', 1, { type: 'web_search_20260318', name: 'web_search', response_inclusion: 'excluded' })
refused('input examples', 1, { ...SEARCH, input_examples: [{ query: 'x' }] }, /input_examples/)
refused('max_uses that is no number', 1, { ...SEARCH, max_uses: 'five' }, /max_uses/)
refused('max_uses of zero', 1, { ...SEARCH, max_uses: 0 }, /max_uses/)

refused('both domain lists', 2, { ...SEARCH, allowed_domains: ['a.com'], blocked_domains: ['b.com'] }, /allowed_domains.*blocked_domains/)
accepted('both lists empty', 2, { ...SEARCH, allowed_domains: [], blocked_domains: [] })
accepted('both lists null', 2, { ...SEARCH, allowed_domains: null, blocked_domains: null, max_uses: null, user_location: null })
accepted('one list and an empty one', 2, { ...SEARCH, allowed_domains: ['a.com'], blocked_domains: [] })

for (const entry of ['*.example.com', 'ex*.com', 'https://example.com', 'exa mple.com', 'example.com:8080', '', '-.com', 7]) {
  refused(`the domain ${JSON.stringify(entry)}`, 3, { ...SEARCH, allowed_domains: [entry] }, /allowed_domains\[0\]/)
  refused(`the blocked domain ${JSON.stringify(entry)}`, 3, { ...SEARCH, blocked_domains: ['fine.com', entry] }, /blocked_domains\[1\]/)
}
accepted('paths and wildcards in them', 3, { ...SEARCH, allowed_domains: ['example.com/*', 'example.com/*/x', 'a.example.com/docs'] })
statement(3, 'a path entry on fetch matches nothing', async (it) => {
  const url = 'https://docs.example.com/docs/a'
  it.say([{ fetch: url }], ANSWER)
  const { message } = await it.messages({
    tools: [{ ...FETCH, allowed_domains: ['docs.example.com/docs'] }],
    messages: [{ role: 'user', content: `Read ${url}` }],
  })
  expect(codes(message)).toEqual(['url_not_allowed'])
})

refused('a place without type', 4, { ...SEARCH, user_location: { city: 'Paris' } }, /user_location\.type/)
refused('a place with a type alone', 4, { ...SEARCH, user_location: { type: 'approximate' } }, /user_location/)
refused('a place of another type', 4, { ...SEARCH, user_location: { type: 'exact', city: 'Paris' } }, /user_location\.type/)
refused('a country of three letters', 4, { ...SEARCH, user_location: { type: 'approximate', country: 'FRA' } }, /country/)
refused('a time zone of nowhere', 4, { ...SEARCH, user_location: { type: 'approximate', timezone: 'Moon/Base' } }, /timezone/)
accepted('a whole place', 4, {
  ...SEARCH,
  user_location: { type: 'approximate', city: 'Paris', region: 'Île-de-France', country: 'FR', timezone: 'Europe/Paris' },
})

statement(5, 'search with structured output is refused', async (it) => {
  it.say(ANSWER)
  const format = { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false } }
  const { status, json } = await it.messages({ output_config: { format } })
  expect(status).toBe(400)
  expect(JSON.stringify(json)).toContain('output_config.format')
})

statement(6, 'a client tool of the same name is refused', async (it) => {
  it.say(ANSWER)
  const { status, json } = await it.messages({ tools: [SEARCH, { ...WEATHER, name: 'web_search' }] })
  expect(status).toBe(400)
  expect(JSON.stringify(json)).toContain('web_search')
  const twice = await it.messages({ tools: [SEARCH, { ...SEARCH, type: 'web_search_20260209' }] })
  expect(twice.status).toBe(400)
})

statement(8, "Claude Code's own search request", async (it) => {
  it.say([{ search: QUERY }], ANSWER)
  const answer = await it.world.post('/v1/messages?beta=true', {
    model: it.model,
    max_tokens: 32_000,
    stream: it.stream,
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli' },
      { type: 'text', text: 'You are an assistant for performing a web search tool use', cache_control: { type: 'ephemeral' } },
    ],
    messages: [{ role: 'user', content: [{ type: 'text', text: `Perform a web search for the query: ${QUERY}` }] }],
    tools: [{ ...SEARCH, allowed_domains: [], blocked_domains: [], max_uses: 8 }],
    tool_choice: { type: 'tool', name: 'web_search' },
    metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: 's' }) },
    thinking: { type: 'disabled' },
  })
  const [result] = searchResults(answer.message)
  expect(calls(answer.message)).toHaveLength(1)
  expect(calls(answer.message)[0]?.input).toEqual({ query: QUERY })
  expect(result?.tool_use_id).toBe(calls(answer.message)[0]?.id as string)
  for (const hit of hits(answer.message)) {
    expect(hit.url).toStartWith('https://')
    expect(hit.title).not.toBe('')
  }
  expect(textOf(answer.message)).toContain('npm install -D typescript@5.5')
  expect(answer.message.usage.server_tool_use?.web_search_requests).toBe(1)
})

describe('without a backend', () => {
  const bare = new World()
  beforeAll(() => bare.start({ config: '' }))
  afterAll(() => bare.stop())

  for (const model of ['m-chat', 'gemini-2.5-flash']) {
    for (const stream of [false, true]) {
      test(`7. a search that nobody can run is refused [${model}, ${stream}]`, async () => {
        bare.model.say(['never'])
        const body = { model, stream, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], tools: [SEARCH] }
        const { status, json } = await bare.post('/v1/messages', body)
        expect(status).toBe(400)
        expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
        expect(JSON.stringify(json)).toMatch(/`?search`?/)
        expect(JSON.stringify(json)).toMatch(/config|setting|backend/i)
        expect(bare.model.asked()).toHaveLength(0)
        const plain = await bare.post('/v1/messages', { ...body, tools: undefined })
        expect(plain.status).toBe(200)
      })
      test(`7. the other formats say it in their own shape [${model}, ${stream}]`, async () => {
        bare.model.say(['never'])
        const responses = await bare.post('/v1/responses', { model, stream, input: 'hi', tools: [{ type: 'web_search' }] })
        expect(responses.status).toBe(400)
        expect(responses.json).toMatchObject({ error: { type: 'invalid_request_error' } })
        const chat = await bare.post('/v1/chat/completions', {
          ...{ model: 'm-responses', stream, messages: [{ role: 'user', content: 'hi' }], web_search_options: {} },
        })
        expect(chat.status).toBe(400)
        expect(bare.model.asked()).toHaveLength(0)
      })
    }
  }

  test('7. a fetch needs no backend', async () => {
    bare.model.say([{ fetch: 'https://made-up.example.com/' }], ['done'])
    const body = { model: 'm-chat', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], tools: [FETCH] }
    expect(codes((await bare.post('/v1/messages', body)).message)).toEqual(['url_not_in_prior_context'])
  })
})
