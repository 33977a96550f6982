// The official OpenAI SDKs, current and previous major, unmodified, against the running program.
// Models of all three vendors stand behind one key, so every call is translated for two of them.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI7, { AuthenticationError, NotFoundError, RateLimitError } from 'openai'
import OpenAI6 from 'openai-6'
import { failureOf } from '../kit/failure.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard()
})
afterAll(() => running.stop())

const MODELS = ['gpt-4o-mini', 'claude-3-7-sonnet-20250219', 'gemini-2.5-flash']
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

for (const [name, Client] of [
  ['openai 7', OpenAI7],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI7],
] as const) {
  describe(name, () => {
    const client = () => new Client({ baseURL: `${running.url}/v1`, apiKey: running.key, maxRetries: 0 })

    for (const model of MODELS) {
      test(`${model}: a plain answer`, async () => {
        const answer = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'Say hello' }] })
        expect(answer.object).toBe('chat.completion')
        expect(answer.model).toBe(model)
        expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(0)
        expect(answer.choices[0]?.finish_reason).toBe('stop')
        expect(answer.usage?.total_tokens).toBe((answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0))
        expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
      })

      test(`${model}: the streamed text is the plain one`, async () => {
        const body = { model, messages: [{ role: 'user' as const, content: 'Say hello' }] }
        const plain = await client().chat.completions.create(body)
        const stream = client().chat.completions.stream({ ...body, stream_options: { include_usage: true } })
        const final = await stream.finalChatCompletion()
        expect(final.choices[0]?.message.content).toBe(plain.choices[0]?.message.content as string)
        expect(final.usage?.completion_tokens).toBe(plain.usage?.completion_tokens as number)
      })

      test(`${model}: a tool round trip, streamed`, async () => {
        const messages: OpenAI7.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Use get_weather for Paris' }]
        const first = await client()
          .chat.completions.stream({ model, messages, tools: [WEATHER], tool_choice: 'required' })
          .finalChatCompletion()
        const call = first.choices[0]?.message.tool_calls?.[0]
        expect(first.choices[0]?.finish_reason).toBe('tool_calls')
        if (call?.type !== 'function') throw new Error('no function call')
        expect(call.function.name).toBe('get_weather')
        expect(JSON.parse(call.function.arguments)).toHaveProperty('city')
        const second = await client().chat.completions.create({
          model,
          messages: [
            ...messages,
            first.choices[0]?.message as OpenAI7.ChatCompletionMessageParam,
            { role: 'tool', tool_call_id: call.id, content: '18 degrees' },
          ],
          tools: [WEATHER],
        })
        expect(second.choices[0]?.message.content?.length).toBeGreaterThan(0)
        expect(second.choices[0]?.finish_reason).toBe('stop')
      })

      test(`${model}: structured output keeps its schema`, async () => {
        const answer = await client().chat.completions.create({
          model,
          messages: [{ role: 'user', content: 'A person, please' }],
          response_format: {
            type: 'json_schema',
            json_schema: {
              name: 'person',
              strict: true,
              schema: {
                type: 'object',
                properties: { name: { type: 'string' }, age: { type: 'integer' } },
                required: ['name', 'age'],
                additionalProperties: false,
              },
            },
          },
        })
        const value = JSON.parse(answer.choices[0]?.message.content ?? '') as { name: unknown; age: unknown }
        expect(typeof value.name).toBe('string')
        expect(Number.isInteger(value.age)).toBe(true)
      })

      test(`${model}: three choices`, async () => {
        const answer = await client().chat.completions.create({ model, n: 3, messages: [{ role: 'user', content: 'Say hello' }] })
        expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2])
        for (const choice of answer.choices) expect(choice.message.content?.length).toBeGreaterThan(0)
      })

      test(`${model}: Responses, plain and streamed`, async () => {
        const plain = await client().responses.create({ model, input: 'Say hello' })
        expect(plain.status).toBe('completed')
        expect(plain.output_text.length).toBeGreaterThan(0)
        const final = await client().responses.stream({ model, input: 'Say hello' }).finalResponse()
        expect(final.output_text).toBe(plain.output_text)
        expect(final.usage?.output_tokens_details.reasoning_tokens).toBeNumber()
      })
    }

    test('parallel tools arrive apart', async () => {
      const final = await client()
        .chat.completions.stream({
          model: 'test/parallel-tools',
          messages: [{ role: 'user', content: 'both' }],
          tools: [
            WEATHER,
            { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: { zone: { type: 'string' } } } } },
          ],
        })
        .finalChatCompletion()
      const calls = final.choices[0]?.message.tool_calls ?? []
      expect(calls.length).toBe(2)
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
      for (const call of calls) if (call.type === 'function') JSON.parse(call.function.arguments)
    })

    test('the list and one model', async () => {
      const ids: string[] = []
      for await (const model of client().models.list()) ids.push(model.id)
      for (const model of MODELS) expect(ids).toContain(model)
      expect((await client().models.retrieve('gpt-4o-mini')).id).toBe('gpt-4o-mini')
    })

    test('errors have their classes', async () => {
      const unknown = client().chat.completions.create({ model: 'no-such-model', messages: [{ role: 'user', content: 'x' }] })
      expect(await failureOf(unknown)).toMatchObject({ status: 404, code: 'model_not_found' })
      const stranger = new Client({ baseURL: `${running.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
      expect(await failureOf(stranger.models.list())).toMatchObject({ status: 401 })
      expect(
        await failureOf(client().chat.completions.create({ model: 'test/429-retry-after', messages: [{ role: 'user', content: 'x' }] })),
      ).toMatchObject({ status: 429 })
      const broken = client().chat.completions.stream({ model: 'test/error-mid-stream', messages: [{ role: 'user', content: 'x' }] })
      expect(await failureOf(broken.finalChatCompletion())).toBeInstanceOf(Error)
      const cut = client().chat.completions.stream({ model: 'test/cut-at-5', messages: [{ role: 'user', content: 'x' }] })
      expect(await failureOf(cut.finalChatCompletion())).toBeInstanceOf(Error)
    })
  })
}

test('the error classes are the SDK’s own', async () => {
  const client = new OpenAI7({ baseURL: `${running.url}/v1`, apiKey: running.key, maxRetries: 0 })
  const errorOf = async (model: string) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] }).catch((error: unknown) => error)
  expect(await errorOf('no-such-model')).toBeInstanceOf(NotFoundError)
  expect(await errorOf('test/429')).toBeInstanceOf(RateLimitError)
  const stranger = new OpenAI7({ baseURL: running.url, apiKey: 'sk-wrong', maxRetries: 0 })
  expect(await stranger.chat.completions.create({ model: 'x', messages: [] }).catch((error: unknown) => error)).toBeInstanceOf(
    AuthenticationError,
  )
})
