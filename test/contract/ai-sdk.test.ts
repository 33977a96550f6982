// Vercel's AI SDK with its OpenAI (Responses and Chat), Anthropic, Google and compatible providers.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, streamText, tool } from 'ai'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard()
})
afterAll(() => running.stop())

const MODELS = ['gpt-4o-mini', 'claude-3-7-sonnet-20250219', 'gemini-2.5-flash']

const providers = () => {
  const apiKey = running.key
  const openai = createOpenAI({ baseURL: `${running.url}/v1`, apiKey })
  return {
    responses: (model: string) => openai.responses(model),
    chat: (model: string) => openai.chat(model),
    anthropic: createAnthropic({ baseURL: `${running.url}/v1`, apiKey }),
    google: createGoogleGenerativeAI({ baseURL: `${running.url}/v1beta`, apiKey }),
    compatible: createOpenAICompatible({ name: 'switchyard', baseURL: `${running.url}/v1`, apiKey }),
  }
}

for (const kind of ['responses', 'chat', 'anthropic', 'google', 'compatible'] as const) {
  for (const model of MODELS) {
    test(`${kind} → ${model}: text and stream`, async () => {
      const language = providers()[kind](model)
      const plain = await generateText({ model: language, prompt: 'Say hello', maxRetries: 0 })
      expect(plain.text.length).toBeGreaterThan(0)
      expect(await streamText({ model: language, prompt: 'Say hello', maxRetries: 0 }).text).toBe(plain.text)
    })

    test(`${kind} → ${model}: calls a tool`, async () => {
      const result = await generateText({
        model: providers()[kind](model),
        prompt: 'Use get_weather for Paris',
        maxRetries: 0,
        toolChoice: 'required',
        tools: {
          get_weather: tool({
            description: 'Weather of a city',
            inputSchema: jsonSchema<{ city: string }>({
              type: 'object',
              properties: { city: { type: 'string' } },
              required: ['city'],
              additionalProperties: false,
            }),
          }),
        },
      })
      expect(result.toolCalls[0]?.toolName).toBe('get_weather')
    })
  }
}
