import { describe, expect, test } from 'bun:test'
import type { ChatRequest, Tool } from '../core/chat.ts'
import { claudeSearchResults, rewriteClaudeCitation } from './claude-sources.ts'
import { type DomainRule, parseDomain } from './domains.ts'
import { fetchFunction, functionNames, printedCall, readArgument, searchFunction } from './functions.ts'
import { brokenPromises } from './native.ts'
import { SealRing } from './seal.ts'
import { EVERY_SOURCE, type FetchToolSettings, type SearchToolSettings } from './settings.ts'
import { SourceList } from './sources.ts'

const rule = (entry: string): DomainRule => parseDomain(entry) as DomainRule
const search = (extra: Partial<SearchToolSettings> = {}): SearchToolSettings => ({
  kind: 'web-search',
  format: 'anthropic-messages',
  rules: { allowed: [], blocked: [] },
  responseInclusion: 'full',
  contextTokens: 8000,
  always: false,
  ...extra,
})
const fetch: FetchToolSettings = {
  kind: 'web-fetch',
  format: 'anthropic-messages',
  rules: { allowed: [rule('a.example')], blocked: [] },
  responseInclusion: 'full',
  citations: true,
  useCache: true,
  urlSources: EVERY_SOURCE,
}

describe('functions', () => {
  const request = (tools: Tool[]): ChatRequest => ({ model: 'm', messages: [], tools, stream: false, choices: 1, extensions: {} })
  test('names avoid the client’s own', () => {
    expect(functionNames(request([]))).toEqual({ search: 'web_search', fetch: 'web_fetch' })
    const own = (name: string): Tool => ({ type: 'function', name })
    expect(functionNames(request([own('web_search'), own('hosted_web_search')]))).toEqual({
      search: 'hosted_web_search_1',
      fetch: 'web_fetch',
    })
  })
  test('one required text, with date, sites and calls left', () => {
    const tool = searchFunction('web_search', search({ rules: { allowed: [rule('a.example')], blocked: [] } }), {
      nowMs: Date.UTC(2026, 10, 20),
      left: 2,
    })
    expect(tool.parameters).toMatchObject({ required: ['query'], additionalProperties: false })
    for (const part of ['2026-11-20', 'a.example', 'Calls left: 2']) expect(tool.description).toContain(part)
    expect(fetchFunction('web_fetch', fetch, {}).parameters).toMatchObject({ required: ['url'] })
  })
  test.each<[string, 'query' | 'url', string | undefined]>([
    ['{"query":" x "}', 'query', 'x'],
    ['{"q":"x"}', 'query', 'x'],
    ['{"queries":["x","y"]}', 'query', 'x'],
    ['"x"', 'query', 'x'],
    ['{"url":"https://a.example"}', 'url', 'https://a.example'],
    ['{"query":""}', 'query', undefined],
    ['{"query":7}', 'query', undefined],
    ['{}', 'query', undefined],
    ['', 'query', undefined],
    ['null', 'query', undefined],
    ['{"query":', 'query', undefined],
    ['[]', 'url', undefined],
  ])('%s as %s', (text, name, expected) => expect(readArgument(text, name)).toBe(expected as string))
  test.each<[string, string | undefined]>([
    ['<tool_call>\n{"name":"web_search","arguments":{"query":"x"}}\n</tool_call>', '{"query":"x"}'],
    ['```json\n{"name":"web_search","parameters":{"query":"x"}}\n```', '{"query":"x"}'],
    ['{"function":{"name":"web_search","arguments":"{\\"query\\":\\"x\\"}"}}', '{"query":"x"}'],
    ['{"tool":"web_search","input":{"query":"x"}}', '{"query":"x"}'],
    ['Sure: {"name":"web_search","arguments":{}} ok', undefined],
    ['{"name":"other","arguments":{}}', undefined],
    ['{"a":1}', undefined],
    ['plain', undefined],
  ])('printed call %s', (text, expected) => expect(printedCall(text, ['web_search'])?.arguments).toBe(expected as string))
})

describe('native search', () => {
  test.each<[string, Partial<SearchToolSettings>, string, Parameters<typeof brokenPromises>[2], string[]]>([
    ['plain', {}, 'anthropic-messages', {}, []],
    [
      'all of Anthropic',
      { maxUses: 3, rules: { allowed: [rule('a.example/x')], blocked: [] }, location: { city: 'x' } },
      'anthropic-messages',
      {},
      [],
    ],
    [
      'Responses',
      { maxUses: 3, rules: { allowed: [rule('a.example')], blocked: [] }, location: { city: 'x' } },
      'openai-responses',
      {},
      [],
    ],
    ['Responses with paths', { rules: { allowed: [rule('a.example/x')], blocked: [] } }, 'openai-responses', {}, ['allowed_domains']],
    ['Responses with other tools', { maxUses: 3 }, 'openai-responses', { otherHosted: true }, ['max_uses']],
    [
      'Responses with many',
      { rules: { allowed: Array.from({ length: 101 }, (_, i) => rule(`s${i}.example`)), blocked: [] } },
      'openai-responses',
      {},
      ['allowed_domains'],
    ],
    ['Chat', { location: { city: 'x' }, always: true }, 'openai-chat', {}, []],
    ['Chat on demand', {}, 'openai-chat', {}, ['tool_choice']],
    [
      'Chat filters',
      { maxUses: 1, rules: { allowed: [], blocked: [rule('a.example')] }, always: true },
      'openai-chat',
      {},
      ['max_uses', 'blocked_domains'],
    ],
    ['Gemini', {}, 'gemini-generate-content', {}, []],
    [
      'Gemini filters',
      { location: { city: 'x' }, rules: { allowed: [], blocked: [rule('a.example')] } },
      'gemini-generate-content',
      {},
      ['blocked_domains', 'user_location'],
    ],
    ['Vertex block list', { rules: { allowed: [], blocked: [rule('a.example')] } }, 'gemini-generate-content', { vertex: true }, []],
    ['others', {}, 'bedrock-converse', {}, ['web_search']],
  ])('%s', (_, extra, format, options, expected) => expect(brokenPromises({ search: search(extra) }, format, options)).toEqual(expected))
  test('fetch', () => {
    expect(brokenPromises({ fetch }, 'anthropic-messages')).toEqual([])
    expect(brokenPromises({ fetch }, 'gemini-generate-content')).toEqual(['allowed_domains', 'citations'])
    expect(brokenPromises({ fetch }, 'openai-responses')).toEqual(['web_fetch'])
  })
})

describe('Claude cites by itself', () => {
  const sources = new SourceList()
  sources.addAll(
    [
      { url: 'https://a.example/', title: 'A', pageAge: null, passages: ['Apples cost 4. Pears cost 5.', 'Plums cost 6.'] },
      { url: 'https://b.example/', title: '', pageAge: null, passages: [] },
    ],
    'c1',
  )
  const ctx = { sources, ring: new SealRing(`k:${Buffer.alloc(32, 3).toString('base64')}`), tenant: 'org' }

  test('each sentence is a block, and no source is empty', () => {
    const [first, second] = claudeSearchResults(sources.all())
    expect(first?.extensions?.['anthropic-messages']?.wire).toEqual({
      type: 'search_result',
      source: 'https://a.example/',
      title: 'A',
      content: ['Apples cost 4.', 'Pears cost 5.', 'Plums cost 6.'].map((text) => ({ type: 'text', text })),
      citations: { enabled: true },
    })
    expect(second?.extensions?.['anthropic-messages']?.wire).toMatchObject({ content: [{ type: 'text', text: 'https://b.example/' }] })
  })

  test('its places become web results', () => {
    const wire = {
      type: 'search_result_location',
      source: 'https://a.example/',
      title: 'A',
      search_result_index: 0,
      start_block_index: 1,
      end_block_index: 2,
      cited_text: 'Pears cost 5.',
    }
    const rewritten = rewriteClaudeCitation(
      { kind: 'search-result', url: 'https://a.example/', citedText: 'Pears cost 5.', extensions: { 'anthropic-messages': wire } },
      ctx,
    )
    expect(rewritten).toMatchObject({ kind: 'url', url: 'https://a.example/', title: 'A', citedText: 'Pears cost 5.' })
    expect(rewritten.sealed).not.toBe('')
    expect(rewritten.extensions).toBeUndefined()
    const foreign = { kind: 'document', title: 'D' } as const
    expect(rewriteClaudeCitation(foreign, ctx)).toBe(foreign)
    expect(rewriteClaudeCitation({ kind: 'search-result', url: 'https://client.example/' }, ctx).kind).toBe('search-result')
  })
})
