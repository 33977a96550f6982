// Every provider against its fixtures, and what every declaration must keep.

import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { GatewayError } from '../core/errors.ts'
import type { Frame } from '../lib/framing/frame.ts'
import type { JsonObject, JsonValue } from '../lib/json.ts'
import { runThrough } from '../lib/transducer.ts'
import { PROVIDERS, type Provider, type ProviderFormat, providerById, type QuirkContext } from './index.ts'
import { writesThinkTags } from './quirks/think-tags.ts'

interface QuirkFixture {
  readonly format: string
  readonly model: string
  readonly stream: boolean
  readonly settings: Record<string, string>
  readonly path?: string
  readonly request?: { readonly before: JsonObject; readonly after: JsonObject; readonly notes: string[] }
  readonly response?: { readonly before: JsonValue; readonly after: JsonValue }
  readonly frames?: { readonly before: Frame[]; readonly after: Frame[] }
}

const folderOf = (provider: Provider): string => `${import.meta.dir}/${provider.id}/fixtures`
const fixturesOf = (provider: Provider): { name: string; fixture: QuirkFixture }[] =>
  existsSync(folderOf(provider))
    ? readdirSync(folderOf(provider))
        .filter((name) => name.endsWith('.quirks.json'))
        .map((name) => ({ name, fixture: JSON.parse(readFileSync(`${folderOf(provider)}/${name}`, 'utf8')) as QuirkFixture }))
    : []

function declaredOf(provider: Provider, { format, model }: { format: string; model: string }): ProviderFormat {
  const declared = provider.formats.find((one) => one.format === format && (one.models === undefined || one.models(model)))
  if (declared === undefined) throw new Error(`${provider.id} does not speak ${format} for ${model}`)
  return declared
}

const deepFrozen = (value: unknown): unknown => {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(Object.freeze(value))) deepFrozen(inner)
  return value
}

for (const provider of PROVIDERS) {
  describe(provider.id, () => {
    const fixtures = fixturesOf(provider)

    for (const { name, fixture } of fixtures) {
      const declared = declaredOf(provider, fixture)
      const notes: string[] = []
      const ctx: QuirkContext = {
        upstreamModel: fixture.model,
        stream: fixture.stream,
        settings: fixture.settings,
        note: ({ kind, field }) => void notes.push(`${kind} ${field}`),
        cutAt: () => {},
      }
      const { path, request, response, frames } = fixture
      if (path !== undefined) test(`${name}: path`, () => expect(declared.path?.(ctx)).toBe(path))
      if (request !== undefined) {
        test(`${name}: request`, () => {
          const before = deepFrozen(request.before) as JsonObject
          expect((declared.request ?? []).reduce((body, quirk) => quirk(body, ctx), before)).toEqual(request.after)
          expect(notes).toEqual(request.notes)
        })
      }
      if (response !== undefined) test(`${name}: response`, () => expect(declared.response?.(response.before)).toEqual(response.after))
      if (frames !== undefined) {
        test(`${name}: frames`, () => {
          if (declared.frames === undefined) throw new Error('no frames quirk')
          expect(runThrough(declared.frames(), frames.before)).toEqual(frames.after)
        })
      }
    }

    test('every format with a repair has a fixture of it', () => {
      for (const declared of provider.formats) {
        const own = fixtures
          .filter(({ fixture }) => fixture.format === declared.format && declaredOf(provider, fixture) === declared)
          .map(({ fixture }) => fixture)
        if (declared.request !== undefined) expect(own.some(({ request }) => request !== undefined)).toBe(true)
        if (declared.path !== undefined && declared.request !== undefined) expect(own.some(({ path }) => path !== undefined)).toBe(true)
      }
      if (fixtures.length > 0) expect(existsSync(`${folderOf(provider)}/provenance.json`)).toBe(true)
    })

    test('garbage in a body is passed on, never a crash', () => {
      const garbage: JsonValue[] = [
        null,
        1,
        'x',
        [],
        {},
        [null],
        [1],
        [[]],
        ['x'],
        [{}],
        [{ role: 'assistant', tool_calls: [null, {}], content: [null] }],
      ]
      for (const declared of provider.formats) {
        const ctx = { upstreamModel: 'deepseek-r1', stream: true, settings: {} }
        for (const value of garbage) {
          const body = deepFrozen({
            model: value,
            messages: value,
            contents: value,
            tools: value,
            tool_choice: value,
            temperature: value,
            response_format: value,
            reasoning_effort: value,
            user: value,
          }) as JsonObject
          for (const quirk of declared.request ?? []) expect(typeof quirk(body, ctx)).toBe('object')
          declared.response?.(value)
          if (declared.frames === undefined) continue
          const data = JSON.stringify({ model: 'qwq-32b', choices: value, base_resp: value, bytes: value })
          expect(runThrough(declared.frames(), [{ data }, { data: 'no json' }, { event: 'exception', data: 'x' }]).length).toBeGreaterThan(
            0,
          )
        }
      }
    })

    test('is declared whole', () => {
      expect(providerById(provider.id)).toBe(provider)
      expect(Object.isFrozen(provider)).toBe(true)
      expect(provider.formats.length).toBeGreaterThan(0)
      for (const name of [provider.baseUrl, ...provider.formats.map(({ baseUrl }) => baseUrl)].flatMap((url) =>
        [...(url ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      )) {
        expect(provider.settings?.map((field) => field.name)).toContain(name as string)
      }
      for (const model of provider.models) expect(model.indexOf('*') === -1 || model.indexOf('*') === model.length - 1).toBe(true)
    })
  })
}

describe('the list', () => {
  test('ids are unique and all are there', () => {
    const ids = PROVIDERS.map(({ id }) => id as string)
    expect(new Set(ids).size).toBe(ids.length)
    const wanted =
      'openai azure anthropic gemini vertex bedrock mistral deepseek xai groq openrouter together fireworks cerebras perplexity moonshot qwen zhipu minimax cohere nvidia ollama lmstudio llamacpp vllm openai-compatible'
    for (const id of wanted.split(' ')) expect(ids).toContain(id)
  })
  test('an unknown id is none', () => expect(providerById('__proto__')).toBeUndefined())
})

describe('what a client counts on', () => {
  test('is refused instead of dropped', () => {
    const run = (body: JsonObject): JsonObject => {
      const declared = declaredOf(providerById('groq') as Provider, { format: 'openai-chat', model: 'x' })
      return (declared.request ?? []).reduce((current, quirk) => quirk(current, { upstreamModel: 'x', stream: false, settings: {} }), body)
    }
    expect(() => run({ logprobs: true })).toThrow(GatewayError)
    expect(() => run({ modalities: ['text', 'audio'] })).toThrow(GatewayError)
    expect(run({ logprobs: false, modalities: ['text'] })).toEqual({})
  })
})

describe('OpenAI prefers Responses for models that reason, and Chat for others', () => {
  const first = (model: string): string | undefined =>
    providerById('openai')?.formats.find((one) => one.models === undefined || one.models(model))?.format
  test.each(['o3', 'o4-mini', 'gpt-5.5', 'gpt-6-sol', 'codex-mini-latest', 'ft:o4-mini:acme'])('%s reasons', (model) =>
    expect(first(model)).toBe('openai-responses'),
  )
  test.each(['gpt-4o', 'gpt-4.1-mini', 'gpt-5-chat-latest', 'gpt-3.5-turbo', 'chatgpt-4o-latest', 'gpt-audio-mini'])(
    '%s does not',
    (model) => expect(first(model)).toBe('openai-chat'),
  )
  test('both speak both', () => {
    for (const model of ['o3', 'gpt-4o']) {
      const formats = providerById('openai')
        ?.formats.filter((one) => one.models === undefined || one.models(model))
        .map(({ format }) => format)
      expect(formats?.toSorted()).toEqual(['openai-chat', 'openai-responses'])
    }
  })
})

describe('think tags', () => {
  const frames = (providerById('together') as Provider).formats[0]?.frames as NonNullable<ProviderFormat['frames']>
  const chunk = (content: string): Frame => ({
    data: JSON.stringify({ model: 'deepseek-ai/DeepSeek-R1', choices: [{ index: 0, delta: { content } }] }),
  })
  const told = (pieces: string[]): { text: string; reasoning: string } => {
    const out = { text: '', reasoning: '' }
    for (const { data } of runThrough(frames(), [...pieces.map(chunk), { data: '[DONE]' }])) {
      if (data === '[DONE]') continue
      const { content = '', reasoning_content = '' } = JSON.parse(data).choices[0].delta as Record<string, string>
      out.text += content
      out.reasoning += reasoning_content
    }
    return out
  }

  test('any split gives the same', () => {
    const whole = '<think>a < b </thin k> c</think>\n\nAnswer with <think> inside </think>.'
    const expected = { reasoning: 'a < b </thin k> c', text: 'Answer with <think> inside </think>.' }
    for (let size = 1; size <= whole.length; size++)
      expect(told(whole.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [])).toEqual(expected)
  })

  test('nothing is lost when the tag is never closed, only begun, or not there', () => {
    expect(told(['<think>half', ' way </th'])).toEqual({ reasoning: 'half way </th', text: '' })
    expect(told(['<th'])).toEqual({ reasoning: '', text: '<th' })
    expect(told(['  <b>', 'x'])).toEqual({ reasoning: '', text: '  <b>x' })
  })

  test('only for models known for it', () => {
    expect(['deepseek-ai/DeepSeek-R1', 'qwq-plus', 'Qwen/Qwen3-32B', 'MiniMax-M2'].map(writesThinkTags)).toEqual([true, true, true, true])
    expect(['gpt-4o', 'Qwen3-235B-A22B-Instruct-2507', 'qwen3-max', undefined].map(writesThinkTags)).toEqual([false, false, false, false])
  })
})

describe('refusals told in a vendor’s own way', () => {
  const classified = (id: string, status: number, wire: JsonValue): string | undefined =>
    providerById(id)?.classify?.(status, wire, new GatewayError('upstream_rejected', { message: 'words' }))?.code
  test.each([
    [
      'gemini',
      400,
      { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } },
      'upstream_auth',
    ],
    ['deepseek', 402, { error: { message: 'Insufficient Balance' } }, 'upstream_quota'],
    ['openai', 429, { error: { code: 'insufficient_quota', message: 'x' } }, 'upstream_quota'],
    ['xai', 400, { code: 'x', error: 'Incorrect API key provided: ab***cd.' }, 'upstream_auth'],
    ['zhipu', 429, { error: { code: '1113', message: 'x' } }, 'upstream_quota'],
    ['zhipu', 429, { error: { code: '1302', message: 'x' } }, 'upstream_rate_limited'],
    ['moonshot', 429, { error: { type: 'exceeded_current_quota_error', message: 'x' } }, 'upstream_quota'],
    ['openai', 400, { error: { message: 'x' } }, undefined],
    ['openai', 500, null, undefined],
  ] as const)('%s %i', (id, status, wire, code) => expect(classified(id, status, wire as unknown as JsonValue)).toBe(code as string))
})
