import { describe, expect, test } from 'bun:test'
import type { ChatRequest, ServerTool, Tool } from '../core/chat.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../lib/json.ts'
import { readWebTools } from './declaration.ts'
import { permits } from './domains.ts'

const tool = (wire: JsonObject, format = 'anthropic-messages', kind?: ServerTool['kind']): ServerTool => ({
  type: 'server',
  kind: kind ?? (String(wire.type).includes('fetch') ? 'web-fetch' : 'web-search'),
  format,
  wire,
})
const search = (extra: JsonObject = {}): ServerTool => tool({ type: 'web_search_20250305', name: 'web_search', ...extra })
const fetchTool = (extra: JsonObject = {}): ServerTool => tool({ type: 'web_fetch_20260318', name: 'web_fetch', ...extra })
const request = (tools: readonly Tool[], extra: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  messages: [],
  tools,
  stream: false,
  choices: 1,
  extensions: {},
  ...extra,
})
const refusal = (tools: readonly Tool[], extra: Partial<ChatRequest> = {}): GatewayError => {
  try {
    readWebTools(request(tools, extra))
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('was accepted')
}

describe('Anthropic versions', () => {
  const VERSIONS = [
    'web_search_20250305',
    'web_search_20260209',
    'web_search_20260318',
    'web_fetch_20250910',
    'web_fetch_20260209',
    'web_fetch_20260309',
    'web_fetch_20260318',
    'web_search_20991231',
    'web_fetch_20991231',
  ]
  test.each(VERSIONS)('%s is accepted and its name is fixed', (type) => {
    const name = type.replace(/_\d+$/, '')
    const read = readWebTools(request([tool({ type, name })]))
    expect(name === 'web_search' ? read.search?.kind : read.fetch?.kind).toBe(name === 'web_search' ? 'web-search' : 'web-fetch')
    for (const wrong of ['search', 'web', '', 7, null, undefined]) {
      const error = refusal([tool({ type, name: wrong } as JsonObject)])
      expect([error.status, error.details.field]).toEqual([400, 'tools[0].name'])
    }
  })

  test('defaults', () => {
    expect(readWebTools(request([search(), fetchTool()]))).toEqual({
      search: {
        kind: 'web-search',
        format: 'anthropic-messages',
        rules: { allowed: [], blocked: [] },
        responseInclusion: 'full',
        contextTokens: 8000,
        always: false,
      },
      fetch: {
        kind: 'web-fetch',
        format: 'anthropic-messages',
        rules: { allowed: [], blocked: [] },
        responseInclusion: 'full',
        citations: false,
        useCache: true,
        urlSources: { userInput: { type: 'all' }, clientToolResults: { type: 'all' }, serverToolResults: { type: 'all' } },
      },
    })
  })

  test('all fields are read', () => {
    const location = { type: 'approximate', city: 'San Francisco', region: 'California', country: 'us', timezone: 'America/Los_Angeles' }
    const read = readWebTools(
      request([
        tool({
          type: 'web_search_20260318',
          name: 'web_search',
          max_uses: 3,
          allowed_domains: ['example.com'],
          user_location: location,
          allowed_callers: ['direct', 'code_execution_20260120'],
          response_inclusion: 'excluded',
          unknown_field: { is: 'ignored' },
        }),
        fetchTool({
          max_uses: 2,
          blocked_domains: ['bad.example'],
          citations: { enabled: true },
          max_content_tokens: 500,
          use_cache: false,
          url_sources: {
            user_input: { type: 'none' },
            server_tool_results: { type: 'only', tools: [{ type: 'tool_reference', name: 'web_search' }] },
          },
        }),
      ]),
    )
    expect(read.search).toMatchObject({
      maxUses: 3,
      responseInclusion: 'excluded',
      callers: ['direct', 'code_execution_20260120'],
      location: { city: 'San Francisco', region: 'California', country: 'US', timezone: 'America/Los_Angeles' },
    })
    expect(read.fetch).toMatchObject({
      maxUses: 2,
      citations: true,
      maxContentTokens: 500,
      useCache: false,
      urlSources: {
        userInput: { type: 'none' },
        clientToolResults: { type: 'all' },
        serverToolResults: { type: 'only', tools: ['web_search'] },
      },
    })
  })

  test('use_cache and response_inclusion mean nothing before their version', () => {
    const read = readWebTools(request([tool({ type: 'web_fetch_20260209', name: 'web_fetch', use_cache: false })]))
    expect(read.fetch?.useCache).toBe(true)
    expect(readWebTools(request([search({ response_inclusion: 'excluded' })])).search?.responseInclusion).toBe('full')
  })
})

describe('what is refused', () => {
  test('empty or null lists are no filter, two filled ones are a contradiction', () => {
    for (const lists of [
      { allowed_domains: [], blocked_domains: [] },
      { allowed_domains: null, blocked_domains: null },
      { allowed_domains: [], blocked_domains: ['a.example'] },
      { allowed_domains: ['a.example'], blocked_domains: [] },
    ]) {
      expect(readWebTools(request([search(lists)])).search).toBeDefined()
    }
    for (const make of [search, fetchTool]) {
      expect(refusal([make({ allowed_domains: ['a.example'], blocked_domains: ['b.example'] })]).details.field).toBe('tools[0]')
    }
  })

  test.each<[JsonObject, string]>([
    [{ allowed_domains: ['*.example.com'] }, 'tools[0].allowed_domains[0]'],
    [{ blocked_domains: ['ok.example', 'https://example.com'] }, 'tools[0].blocked_domains[1]'],
    [{ allowed_domains: ['not a host'] }, 'tools[0].allowed_domains[0]'],
    [{ allowed_domains: 'example.com' }, 'tools[0].allowed_domains'],
    [{ allowed_domains: [7] }, 'tools[0].allowed_domains[0]'],
    [{ allowed_domains: [null] }, 'tools[0].allowed_domains[0]'],
    [{ max_uses: 0 }, 'tools[0].max_uses'],
    [{ max_uses: -1 }, 'tools[0].max_uses'],
    [{ max_uses: 1.5 }, 'tools[0].max_uses'],
    [{ max_uses: '5' }, 'tools[0].max_uses'],
    [{ max_uses: [] }, 'tools[0].max_uses'],
    [{ user_location: 'Berlin' }, 'tools[0].user_location'],
    [{ user_location: {} }, 'tools[0].user_location.type'],
    [{ user_location: { city: 'Berlin' } }, 'tools[0].user_location.type'],
    [{ user_location: { type: 'exact', city: 'Berlin' } }, 'tools[0].user_location.type'],
    [{ user_location: { type: 'approximate' } }, 'tools[0].user_location'],
    [{ user_location: { type: 'approximate', city: null, country: null } }, 'tools[0].user_location'],
    [{ user_location: { type: 'approximate', city: '' } }, 'tools[0].user_location.city'],
    [{ user_location: { type: 'approximate', country: 'Germany' } }, 'tools[0].user_location.country'],
    [{ user_location: { type: 'approximate', timezone: 'Mars/Olympus' } }, 'tools[0].user_location.timezone'],
    [{ user_location: { type: 'approximate', region: 4 } }, 'tools[0].user_location.region'],
    [{ allowed_callers: ['anyone'] }, 'tools[0].allowed_callers[0]'],
    [{ allowed_callers: 'direct' }, 'tools[0].allowed_callers'],
    [{ cache_control: 'ephemeral' }, 'tools[0].cache_control'],
    [{ strict: 'yes' }, 'tools[0].strict'],
    [{ defer_loading: 1 }, 'tools[0].defer_loading'],
    [{ input_examples: [] }, 'tools[0].input_examples'],
  ])('search %j names %s', (extra, field) => {
    const error = refusal([search(extra)])
    expect([error.status, error.details.field]).toEqual([400, field])
    expect(error.message).toContain(field)
  })

  test.each<[JsonObject, string]>([
    [{ citations: true }, 'tools[0].citations'],
    [{ citations: { enabled: 'yes' } }, 'tools[0].citations.enabled'],
    [{ max_content_tokens: 0 }, 'tools[0].max_content_tokens'],
    [{ use_cache: 'no' }, 'tools[0].use_cache'],
    [{ response_inclusion: 'some' }, 'tools[0].response_inclusion'],
    [{ url_sources: [] }, 'tools[0].url_sources'],
    [{ url_sources: { user_input: { type: 'only' } } }, 'tools[0].url_sources.user_input.type'],
    [{ url_sources: { user_input: {} } }, 'tools[0].url_sources.user_input.type'],
    [{ url_sources: { client_tool_results: { type: 'only' } } }, 'tools[0].url_sources.client_tool_results.tools'],
    [{ url_sources: { client_tool_results: { type: 'except', tools: ['x'] } } }, 'tools[0].url_sources.client_tool_results.tools[0]'],
    [
      { url_sources: { server_tool_results: { type: 'only', tools: [{ type: 'tool_reference', name: 'nowhere' }] } } },
      'tools[0].url_sources.server_tool_results.tools[0].name',
    ],
  ])('fetch %j names %s', (extra, field) => {
    expect(refusal([fetchTool(extra)]).details.field).toBe(field)
  })

  test('a path is fine in search entries and never matches for fetch', () => {
    expect(readWebTools(request([search({ allowed_domains: ['example.com/*/x'] })])).search?.rules.allowed[0]?.path).toBe('/*/x')
    const { fetch } = readWebTools(request([fetchTool({ allowed_domains: ['example.com/x'] })]))
    expect(fetch && permits(fetch.rules, 'https://example.com/x')).toBe(false)
    const blocking = readWebTools(request([fetchTool({ blocked_domains: ['example.com/x'] })])).fetch
    expect(blocking && permits(blocking.rules, 'https://example.com/x')).toBe(true)
  })

  test('names that collide', () => {
    const own: Tool = { type: 'function', name: 'web_search', parameters: { type: 'object' } }
    expect(refusal([search(), own]).details.field).toBe('tools[1].name')
    expect(refusal([own, search()]).status).toBe(400)
    expect(refusal([search(), search()]).status).toBe(400)
    expect(readWebTools(request([search(), fetchTool(), { ...own, name: 'other' }])).search).toBeDefined()
  })

  test('search with structured output, fetch only when it cites', () => {
    const responseFormat = { type: 'json-schema', schema: {} } as const
    expect(refusal([search()], { responseFormat }).details.field).toBe('output_config.format')
    expect(refusal([fetchTool({ citations: { enabled: true } })], { responseFormat }).status).toBe(400)
    expect(readWebTools(request([fetchTool()], { responseFormat })).fetch).toBeDefined()
    expect(readWebTools(request([search()], { responseFormat: { type: 'text' } })).search).toBeDefined()
    expect(readWebTools(request([tool({}, 'openai-chat', 'web-search')], { responseFormat })).search).toBeDefined()
  })

  test('search_result blocks that do not cite', () => {
    const message = (citations: JsonObject | undefined) =>
      ({
        role: 'user',
        content: [
          {
            type: 'text',
            text: 't',
            extensions: { 'anthropic-messages': { wire: { type: 'search_result', ...(citations && { citations }) } } },
          },
        ],
      }) as const
    expect(refusal([search()], { messages: [message({ enabled: false })] }).details.field).toBe('messages[0].content[0].citations')
    expect(refusal([search()], { messages: [message(undefined)] }).status).toBe(400)
    expect(readWebTools(request([search()], { messages: [message({ enabled: true })] })).search).toBeDefined()
  })
})

describe('tool choice', () => {
  const forced = { type: 'tool', name: 'web_search', server: true } as const
  test('forces the first round', () => {
    expect(readWebTools(request([search()], { toolChoice: forced })).forced).toBe('web_search')
    expect(readWebTools(request([search()], { toolChoice: { type: 'required' } })).forced).toBe('web_search')
    expect(readWebTools(request([search()], { toolChoice: { type: 'auto' } })).forced).toBeUndefined()
    const client: Tool = { type: 'function', name: 'f' }
    expect(readWebTools(request([search(), client], { toolChoice: { type: 'required' } })).forced).toBeUndefined()
    expect(readWebTools(request([fetchTool()], { toolChoice: { type: 'tool', name: 'web_fetch', server: true } })).forced).toBe('web_fetch')
  })
  test('not without the direct caller', () => {
    const error = refusal([search({ allowed_callers: ['code_execution_20260120'] })], { toolChoice: forced })
    expect(error.details.field).toBe('tool_choice')
    expect(readWebTools(request([search({ allowed_callers: ['direct'] })], { toolChoice: forced })).forced).toBe('web_search')
  })
})

describe('other formats', () => {
  test('Responses', () => {
    const wire = {
      type: 'web_search',
      filters: { allowed_domains: ['example.com'], blocked_domains: ['bad.example'] },
      search_context_size: 'high',
      user_location: { type: 'approximate', country: 'DE', city: null, timezone: 'nonsense!' },
    }
    const { search: read } = readWebTools(
      request([tool(wire, 'openai-responses')], { extensions: { 'openai-responses': { max_tool_calls: 4 } } }),
    )
    expect(read).toMatchObject({ contextTokens: 16_000, location: { country: 'DE' }, maxUses: 4, always: false })
    expect(read?.rules.allowed[0]?.host).toBe('example.com')
    expect(read?.rules.blocked[0]?.host).toBe('bad.example')
    const bad = refusal([tool({ type: 'web_search', filters: { allowed_domains: ['*.x.example'] } }, 'openai-responses')])
    expect(bad.details.field).toBe('tools[0].filters.allowed_domains[0]')
    expect(refusal([tool({ type: 'web_search', search_context_size: 'huge' }, 'openai-responses')]).details.field).toBe(
      'tools[0].search_context_size',
    )
  })

  test('Chat searches always', () => {
    const wire = { search_context_size: 'low', user_location: { type: 'approximate', approximate: { city: 'Lyon', country: 'fr' } } }
    for (const written of [wire]) {
      const read = readWebTools(request([tool(written, 'openai-chat', 'web-search')]))
      expect(read.search).toMatchObject({ contextTokens: 4000, location: { city: 'Lyon', country: 'FR' }, always: true })
      expect(read.forced).toBe('web_search')
    }
    for (const written of [
      { type: 'web_search' },
      { type: 'function', function: { name: 'googleSearch' } },
      { googleSearch: {} },
    ] as JsonObject[]) {
      expect(readWebTools(request([tool(written, 'openai-chat', 'web-search')])).forced).toBeUndefined()
    }
    expect(
      readWebTools(request([tool({ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }, 'openai-chat')])).search?.maxUses,
    ).toBe(2)
    expect(refusal([tool({ user_location: 7 }, 'openai-chat', 'web-search')]).details.field).toBe('web_search_options.user_location')
  })

  test('Gemini', () => {
    const wire = {
      googleSearch: {
        excludeDomains: ['bad.example'],
        timeRangeFilter: { startTime: '2025-01-01T00:00:00Z', endTime: '2025-02-01T00:00:00Z' },
      },
    }
    const { search: read } = readWebTools(request([tool(wire, 'gemini-generate-content', 'web-search')]))
    expect(read?.rules.blocked[0]?.host).toBe('bad.example')
    expect(read?.timeRange).toEqual({ startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2025, 1, 1) })
    for (const odd of [{ googleSearch: {} }, { google_search: {} }, { googleSearch: { timeRangeFilter: 'x' } }, {}]) {
      expect(readWebTools(request([tool(odd, 'gemini-generate-content', 'web-search')])).search?.rules.blocked).toEqual([])
    }
    expect(readWebTools(request([tool({ urlContext: {} }, 'gemini-generate-content', 'web-fetch')])).fetch?.citations).toBe(false)
  })

  test('garbage never becomes a TypeError', () => {
    const odd = [null, 0, '', 'x', [], {}, [null], [{}], { type: 'approximate' }, true]
    const members = [
      'type',
      'name',
      'max_uses',
      'allowed_domains',
      'user_location',
      'filters',
      'citations',
      'url_sources',
      'allowed_callers',
      'googleSearch',
    ]
    for (const member of members)
      for (const value of odd) {
        for (const base of [
          search(),
          fetchTool(),
          tool({}, 'openai-responses', 'web-search'),
          tool({}, 'gemini-generate-content', 'web-search'),
        ]) {
          try {
            readWebTools(request([{ ...base, wire: { ...base.wire, [member]: value } }]))
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(GatewayError)
            expect((thrown as GatewayError).status).toBe(400)
          }
        }
      }
  })
})
