// The libraries that people use, unmodified, searching on models that know no search: what they make of our answers, and
// whether the conversation they keep can go on.

import { describe, expect, test } from 'bun:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic1 from '@anthropic-ai/sdk'
import { generateText, isStepCount, streamText } from 'ai'
import Anthropic0 from 'anthropic-sdk-0'
import { MODEL, QUERY, QUESTION, SEARCH, WEATHER, webSuite } from '../../kit/web-search.ts'

// Google's provider offers its search only for names that look like Gemini's.
const { world } = webSuite({
  channels: (url) =>
    `  - { name: alias, provider: openai-compatible, base_url: "${url}/v1", credential: sk-up, models: [{ model: gemini-2.5-alias, upstream_model: m-chat }] }\n`,
})
const ANSWER = ['I looked. ', 'Run npm install -D typescript@5.5 in the root folder [1]. ', 'Most apps see few errors [2][3]. Bye.']
const TEXT = 'I looked. Run npm install -D typescript@5.5 in the root folder. Most apps see few errors. Bye.'
const SEARCHED = [[{ search: QUERY }], ANSWER] as const

for (const [name, Client] of [
  ['@anthropic-ai/sdk 1', Anthropic1],
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic1],
] as const) {
  describe(name, () => {
    const client = () => new Client({ baseURL: world.url, apiKey: world.key, maxRetries: 0 })
    const body = (model: string) => ({ model, max_tokens: 1024, messages: [QUESTION], tools: [SEARCH] })

    for (const model of [MODEL.chat, MODEL.gemini, MODEL.responses]) {
      test(`${model}: helper events tell text and citations`, async () => {
        world.model.say(...SEARCHED)
        const stream = client().messages.stream(body(model))
        const heard = { text: '', citations: 0, json: '' }
        stream.on('text', (delta) => void (heard.text += delta))
        stream.on('citation', () => void heard.citations++)
        stream.on('inputJson', (partial) => void (heard.json += partial))
        const final = await stream.finalMessage()
        expect(heard).toEqual({ text: TEXT, citations: 3, json: JSON.stringify({ query: QUERY }) })
        expect(final.usage.server_tool_use?.web_search_requests).toBe(1)
      })

      test(`${model}: the next turn`, async () => {
        world.model.say(...SEARCHED)
        const first = await client().messages.stream(body(model)).finalMessage()
        world.model.say(['Fine [2].'])
        const messages = [
          QUESTION,
          { role: 'assistant' as const, content: first.content as never },
          { role: 'user' as const, content: 'And then?' },
        ]
        const second = await client().messages.create({ ...body(model), messages })
        expect(second.content).toMatchObject([{ type: 'text', text: 'Fine.', citations: [{ type: 'web_search_result_location' }] }])
      })

      test(`${model}: tokens are counted with the tool`, async () => {
        const plain = await client().messages.countTokens({ model, messages: [QUESTION] })
        const search = await client().messages.countTokens({ model, messages: [QUESTION], tools: [SEARCH] })
        const ordinary = await client().messages.countTokens({ model, messages: [QUESTION], tools: [WEATHER as never] })
        expect(search.input_tokens).toBeGreaterThanOrEqual(plain.input_tokens)
        expect(ordinary.input_tokens).toBeGreaterThan(plain.input_tokens)
      })
    }
  })
}

describe('the AI SDK', () => {
  const anthropic = () => createAnthropic({ baseURL: `${world.url}/v1`, apiKey: world.key })

  for (const id of [MODEL.chat, MODEL.gemini, MODEL.responses]) {
    test(`Anthropic's tool on ${id}`, async () => {
      world.model.say(...SEARCHED)
      const provider = anthropic()
      const tools = { web_search: provider.tools.webSearch_20250305({ maxUses: 3 }) }
      const whole = await generateText({ model: provider(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(whole.text).toBe(TEXT)
      expect(whole.sources.length).toBeGreaterThanOrEqual(3)
      expect(whole.toolResults).toHaveLength(1)
      world.model.say(...SEARCHED)
      const streamed = streamText({ model: provider(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(await streamed.text).toBe(TEXT)
      expect((await streamed.sources).length).toBe(whole.sources.length)
    })

    test(`Anthropic's tool on ${id}: the next turn`, async () => {
      world.model.say(...SEARCHED)
      const provider = anthropic()
      const tools = { web_search: provider.tools.webSearch_20250305({}) }
      const prompt = [{ role: 'user' as const, content: QUESTION.content }]
      const first = await generateText({ model: provider(id), messages: prompt, tools, maxRetries: 0, stopWhen: isStepCount(1) })
      world.model.say(['Fine [1].'])
      const messages = [...prompt, ...first.response.messages, { role: 'user' as const, content: 'And then?' }]
      const second = await generateText({ model: provider(id), messages, tools, maxRetries: 0 })
      expect(second.text).toBe('Fine.')
      expect(world.model.asked()[0]?.results.join()).toContain('npm install')
    })
  }

  for (const id of [MODEL.chat, MODEL.gemini]) {
    test(`OpenAI's tool on ${id}`, async () => {
      const provider = createOpenAI({ baseURL: `${world.url}/v1`, apiKey: world.key })
      const tools = { web_search: provider.tools.webSearch({}) }
      world.model.say(...SEARCHED)
      const whole = await generateText({ model: provider.responses(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(whole.text).toBe(TEXT)
      expect(whole.sources.length).toBeGreaterThanOrEqual(3)
      world.model.say(...SEARCHED)
      const streamed = streamText({ model: provider.responses(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(await streamed.text).toBe(TEXT)
      expect((await streamed.sources).length).toBe(whole.sources.length)
    })
  }

  for (const id of ['gemini-2.5-alias']) {
    test(`Google's tool on ${id}`, async () => {
      const provider = createGoogleGenerativeAI({ baseURL: `${world.url}/v1beta`, apiKey: world.key })
      const tools = { google_search: provider.tools.googleSearch({}) }
      world.model.say(...SEARCHED)
      const whole = await generateText({ model: provider(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(whole.text).toBe(TEXT)
      expect(whole.sources.length).toBeGreaterThanOrEqual(3)
      world.model.say(...SEARCHED)
      const streamed = streamText({ model: provider(id), prompt: QUESTION.content, tools, maxRetries: 0 })
      expect(await streamed.text).toBe(TEXT)
      expect((await streamed.sources).length).toBeGreaterThanOrEqual(3)
    })
  }
})
