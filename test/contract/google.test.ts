// The official Google SDKs, current and previous major, unmodified, against the running program.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import { GoogleGenAI as GoogleGenAI2 } from 'google-genai-2'
import { failureOf } from '../kit/failure.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard()
})
afterAll(() => running.stop())

const MODELS = ['gpt-4o-mini', 'claude-3-7-sonnet-20250219', 'gemini-2.5-flash']
const WEATHER = {
  functionDeclarations: [
    {
      name: 'get_weather',
      description: 'Weather of a city',
      parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
}

for (const [name, Client] of [
  ['@google/genai 3', GoogleGenAI],
  ['@google/genai 2', GoogleGenAI2 as unknown as typeof GoogleGenAI],
] as const) {
  describe(name, () => {
    const client = () => new Client({ apiKey: running.key, httpOptions: { baseUrl: running.url } })

    for (const model of MODELS) {
      test(`${model}: the stream adds up to the plain answer`, async () => {
        const plain = await client().models.generateContent({ model, contents: 'Say hello' })
        expect(plain.text?.length).toBeGreaterThan(0)
        expect(plain.candidates?.[0]?.finishReason).toBe('STOP' as never)
        let text = ''
        let tokens: number | undefined
        for await (const chunk of await client().models.generateContentStream({ model, contents: 'Say hello' })) {
          text += chunk.text ?? ''
          tokens = chunk.usageMetadata?.totalTokenCount ?? tokens
        }
        expect(text).toBe(plain.text as string)
        expect(tokens).toBe(plain.usageMetadata?.totalTokenCount as number)
      })

      test(`${model}: a tool round trip`, async () => {
        const config = { tools: [WEATHER], toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } }
        const first = await client().models.generateContent({ model, contents: 'Use get_weather for Paris', config })
        const call = first.functionCalls?.[0]
        expect(call?.name).toBe('get_weather')
        expect(call?.args).toHaveProperty('city')
        const second = await client().models.generateContent({
          model,
          contents: [
            { role: 'user', parts: [{ text: 'Use get_weather for Paris' }] },
            first.candidates?.[0]?.content ?? {},
            {
              role: 'user',
              parts: [{ functionResponse: { ...(call?.id && { id: call.id }), name: 'get_weather', response: { result: '18 degrees' } } }],
            },
          ],
          config: { tools: [WEATHER] },
        })
        expect(second.text?.length).toBeGreaterThan(0)
      })

      test(`${model}: tokens are counted`, async () => {
        const { totalTokens } = await client().models.countTokens({ model, contents: 'Say hello' })
        expect(totalTokens).toBeGreaterThan(0)
      })
    }

    test('failures', async () => {
      expect(await failureOf(client().models.generateContent({ model: 'no-such-model', contents: 'x' }))).toMatchObject({ status: 404 })
      expect(await failureOf(client().models.generateContent({ model: 'test/429', contents: 'x' }))).toMatchObject({ status: 429 })
      const consume = async (model: string) => {
        for await (const _chunk of await client().models.generateContentStream({ model, contents: 'x' }));
      }
      expect(await failureOf(consume('test/cut-at-5'))).toBeInstanceOf(Error)
      expect(await failureOf(consume('test/error-mid-stream'))).toBeInstanceOf(Error)
    })

    test('models are listed in Google’s shape', async () => {
      const names: string[] = []
      for await (const model of await client().models.list()) names.push(model.name ?? '')
      expect(names).toContain('models/gemini-2.5-flash')
    })
  })
}
