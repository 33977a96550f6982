import { describe, expect, test } from 'bun:test'
import type { Warning } from '../../../core/warning.ts'
import type { JsonObject } from '../../../lib/json.ts'
import { anthropicMessages, countTokensBody } from './index.ts'
import { call, context, decode, encode, fn, request, result, user } from './test-kit.ts'

const minimal = { model: 'claude-sonnet-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }

describe('settings by model', () => {
  test.each([
    ['claude-3-5-haiku-20241022', { max_tokens: 8192 }, ['thinking', 'output_config']],
    ['claude-sonnet-4-5', { max_tokens: 64_000, thinking: { type: 'enabled', budget_tokens: 16_384 } }, ['output_config']],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', { thinking: { type: 'enabled', budget_tokens: 16_384 } }, []],
    ['claude-opus-4-6', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['anthropic/claude-opus-4.8', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['claude-fable-5-2', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, []],
    ['some-other-model', { max_tokens: 8192, thinking: { type: 'enabled' } }, ['output_config']],
  ] as [string, JsonObject, string[]][])('high effort on %s', (model, expected, absent) => {
    const wire = encode({ reasoning: { effort: 'high' } }, model)
    expect(wire).toMatchObject(expected)
    for (const key of absent) expect(wire).not.toHaveProperty(key)
  })

  test('budget and limit: the budget stays below, the limit is raised only where nothing else helps', () => {
    const at = (maxOutputTokens: number) => encode({ reasoning: { effort: 'high' }, maxOutputTokens })
    expect(at(20_000)).toMatchObject({ max_tokens: 20_000, thinking: { budget_tokens: 16_384 } })
    expect(at(4000)).toMatchObject({ max_tokens: 4000, thinking: { budget_tokens: 3200 } })
    expect(at(500)).toMatchObject({ max_tokens: 1524, thinking: { budget_tokens: 1024 } })
    expect(at(1)).toMatchObject({ max_tokens: 1 })
    expect(at(1)).not.toHaveProperty('thinking')
  })

  test('off, always on, budgets where there are none, effort alone', () => {
    expect(encode({ reasoning: { effort: 'none' } })).toMatchObject({ thinking: { type: 'disabled' } })
    expect(encode({ reasoning: { effort: 'none' } }, 'claude-fable-5')).toMatchObject({ output_config: { effort: 'low' } })
    expect(encode({ reasoning: { budgetTokens: 9000, display: 'summarized' } }, 'claude-opus-4-7')).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
    })
    const own = decode({ ...minimal, output_config: { effort: 'low' } })
    const { body } = anthropicMessages.encodeRequest(context(own, 'claude-opus-4-8'))
    expect(body).toMatchObject({ output_config: { effort: 'low' } })
    expect(body).not.toHaveProperty('thinking')
  })

  test('a demanded call and an unsigned tool loop exclude thinking with a budget', () => {
    const forced = { tools: [fn('a')], toolChoice: { type: 'required' as const }, reasoning: { budgetTokens: 2000 } }
    expect(encode(forced)).not.toHaveProperty('thinking')
    expect(encode(forced, 'claude-sonnet-4-6')).toMatchObject({ thinking: { type: 'adaptive' } })
    const loop = {
      messages: [user('x'), { role: 'assistant' as const, content: [call('a')] }, result('a', 'r')],
      reasoning: { effort: 'low' as const },
    }
    expect(encode(loop)).not.toHaveProperty('thinking')
  })

  test('sampling', () => {
    const warnings: Warning[] = []
    expect(encode({ temperature: 1.7, topP: 0.5, topK: 3 }, 'claude-sonnet-4-5', warnings)).toMatchObject({ temperature: 1, top_k: 3 })
    expect(warnings.map(({ field }) => field)).toEqual(['temperature', 'top_p'])
    expect(encode({ temperature: 0.2, topP: 0.5 }, 'claude-3-5-sonnet-latest')).toMatchObject({ temperature: 0.2, top_p: 0.5 })
    expect(encode({ temperature: 0.2 }, 'claude-opus-4-8')).not.toHaveProperty('temperature')
    expect(encode({ temperature: 0.2, reasoning: { effort: 'low' } })).not.toHaveProperty('temperature')
    const thinking = { temperature: 1, topP: 0.95, topK: 64, reasoning: { display: 'summarized' as const } }
    const compatible = encode(thinking, 'some-other-model', warnings)
    expect(compatible).toMatchObject({ thinking: { type: 'enabled' } })
    for (const field of ['temperature', 'top_p', 'top_k']) expect(compatible).not.toHaveProperty(field)
    expect(warnings.map(({ field }) => field)).toContain('top_k')
    expect(encode({ topK: 64 }, 'some-other-model')).toMatchObject({ top_k: 64 })
  })

  test('structured output: native where there is one, else a call shown as text', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } }
    const responseFormat = { type: 'json-schema' as const, schema }
    expect(encode({ responseFormat })['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: { type: 'object', properties: { n: { type: 'integer', description: '{minimum: 1}' } }, additionalProperties: false },
      },
    })
    const old = context(request({ responseFormat }), 'claude-3-7-sonnet-latest')
    expect(anthropicMessages.encodeRequest(old).body).toMatchObject({
      tools: [{ name: 'json_output' }],
      tool_choice: { type: 'tool', name: 'json_output' },
    })
    const answer = anthropicMessages.decodeResponse(
      { content: [{ type: 'tool_use', id: 't', name: 'json_output', input: { n: 2 } }], stop_reason: 'tool_use' },
      old,
    )
    expect(answer.choices[0]).toMatchObject({ content: [{ type: 'text', text: '{"n":2}' }], finish: { reason: 'stop' } })
    expect(encode({ responseFormat: { type: 'json' }, tools: [fn('a')] })).toMatchObject({ tool_choice: { type: 'any' } })
    const list = context(request({ responseFormat: { type: 'json-schema', schema: { type: 'array' } } }), 'claude-3-haiku-20240307')
    const wrapped = anthropicMessages.decodeResponse(
      { content: [{ type: 'tool_use', id: 't', name: 'json_output', input: { value: [1] } }] },
      list,
    )
    expect(wrapped.choices[0]?.content).toEqual([{ type: 'text', text: '[1]' }])
  })

  test('the rest: stops, customer, tier, what is dropped and what is refused', () => {
    const warnings: Warning[] = []
    const wire = encode(
      { stopSequences: ['END', '\n'], endUser: 'u', serviceTier: 'flex', seed: 1, frequencyPenalty: 0.5, verbosity: 'low' },
      undefined,
      warnings,
    )
    expect(wire).toMatchObject({ stop_sequences: ['END'], metadata: { user_id: 'u' } })
    expect(warnings.map(({ field }) => field).sort()).toEqual(['frequency_penalty', 'seed', 'service_tier', 'stop', 'verbosity'])
    expect(() => encode({ logprobs: { top: 2 } })).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }))
    expect(Object.keys(countTokensBody(wire)).sort()).toEqual(['messages', 'model'])
  })
})
