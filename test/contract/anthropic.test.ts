// The official Anthropic SDKs, current and previous major, unmodified, against the running program.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic1 from '@anthropic-ai/sdk'
import Anthropic0 from 'anthropic-sdk-0'
import { failureOf } from '../kit/failure.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard()
})
afterAll(() => running.stop())

const MODELS = ['gpt-4o-mini', 'claude-3-7-sonnet-20250219', 'gemini-2.5-flash']
const WEATHER = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

for (const [name, Client] of [
  ['@anthropic-ai/sdk 1', Anthropic1],
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic1],
] as const) {
  describe(name, () => {
    const client = () => new Client({ baseURL: running.url, apiKey: running.key, maxRetries: 0 })

    for (const model of MODELS) {
      test(`${model}: the stream rebuilds the plain message`, async () => {
        const body = { model, max_tokens: 500, messages: [{ role: 'user' as const, content: 'Say hello' }] }
        const plain = await client().messages.create(body)
        const streamed = await client().messages.stream(body).finalMessage()
        expect(streamed.content).toEqual(plain.content as never)
        expect(streamed.stop_reason).toBe('end_turn')
        expect(streamed.model).toBe(model)
        expect(streamed.usage.output_tokens).toBe(plain.usage.output_tokens)
        for (const member of ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens'] as const) {
          expect(plain.usage[member]).toBeNumber()
        }
      })

      test(`${model}: a tool round trip, streamed`, async () => {
        const messages: Anthropic1.MessageParam[] = [{ role: 'user', content: 'Use get_weather for Paris' }]
        const first = await client()
          .messages.stream({ model, max_tokens: 500, messages, tools: [WEATHER], tool_choice: { type: 'any' } })
          .finalMessage()
        expect(first.stop_reason).toBe('tool_use')
        const call = first.content.find((block) => block.type === 'tool_use')
        expect(call?.input).toHaveProperty('city')
        const second = await client().messages.create({
          model,
          max_tokens: 500,
          tools: [WEATHER],
          messages: [
            ...messages,
            { role: 'assistant', content: first.content as Anthropic1.ContentBlockParam[] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: '18 degrees' }] },
          ],
        })
        expect(second.stop_reason).toBe('end_turn')
      })

      test(`${model}: tokens are counted`, async () => {
        const { input_tokens } = await client().messages.countTokens({
          model,
          messages: [{ role: 'user', content: 'Say hello' }],
          tools: [WEATHER],
        })
        expect(input_tokens).toBeGreaterThan(0)
      })
    }

    test('parallel tools of an OpenAI upstream arrive as blocks of their own', async () => {
      const final = await client()
        .messages.stream({
          model: 'test/parallel-tools',
          max_tokens: 500,
          messages: [{ role: 'user', content: 'both' }],
          tools: [WEATHER, { ...WEATHER, name: 'get_time' }],
        })
        .finalMessage()
      expect(final.content.filter((block) => block.type === 'tool_use').length).toBe(2)
    })

    test('reasoning is a thinking block', async () => {
      const final = await client()
        .messages.stream({
          model: 'test/reasoning',
          max_tokens: 3000,
          thinking: { type: 'enabled', budget_tokens: 1024 },
          messages: [{ role: 'user', content: 'x' }],
        })
        .finalMessage()
      expect(final.content[0]?.type).toBe('thinking')
      expect(final.content.at(-1)?.type).toBe('text')
    })

    test('failures', async () => {
      const create = (model: string) => client().messages.create({ model, max_tokens: 100, messages: [{ role: 'user', content: 'x' }] })
      expect(await failureOf(create('no-such-model'))).toMatchObject({ status: 404 })
      expect(await failureOf(create('test/429'))).toMatchObject({ status: 429 })
      expect(await failureOf(create('test/529'))).toMatchObject({ status: 529 })
      for (const model of ['test/cut-at-5', 'test/error-mid-stream']) {
        const stream = client().messages.stream({ model, max_tokens: 100, messages: [{ role: 'user', content: 'x' }] })
        expect(await failureOf(stream.finalMessage())).toBeInstanceOf(Error)
      }
      const models = await client().models.list({ limit: 1000 })
      expect(models.data.some(({ id }) => id === 'claude-3-7-sonnet-20250219')).toBe(true)
    })
  })
}
