// The example of the page that documents web search, on a fresh start without any account.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Running, startSwitchyard } from '../../kit/switchyard.ts'
import { type Answer, calls, citationsOf, hits, kinds, readAnswer, searchResults, textOf } from '../../kit/web-search.ts'

let running: Running
beforeAll(async () => {
  running = await startSwitchyard()
})
afterAll(() => running.stop())

const EXAMPLE = {
  model: 'claude-3-7-sonnet-20250219',
  max_tokens: 1024,
  messages: [{ role: 'user', content: 'How do I update a web app to TypeScript 5.5?' }],
  tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 5 }],
}
async function post(body: object, key?: string, path = '/v1/messages'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) }
  return readAnswer(await fetch(running.url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

for (const model of ['claude-3-7-sonnet-20250219', 'gpt-4o-mini', 'gemini-2.5-flash']) {
  for (const stream of [false, true]) {
    test(`the page's example [${model}, ${stream}]`, async () => {
      const { message } = await post({ ...EXAMPLE, model, stream }, running.key)
      expect(message).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' })
      expect(message.id).toBeString()
      for (const member of ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens'] as const) {
        expect(message.usage[member]).toBeNumber()
      }
      expect(calls(message).length).toBeGreaterThan(0)
      expect(searchResults(message)[0]?.tool_use_id).toBe(calls(message)[0]?.id as string)
      expect(hits(message).length).toBeGreaterThan(0)
      expect(textOf(message)).toContain('TypeScript')
      expect(citationsOf(message).length).toBeGreaterThan(0)
      expect(message.usage.server_tool_use?.web_search_requests).toBeGreaterThan(0)
    })

    test(`client tools beside it [${model}, ${stream}]`, async () => {
      const tools = [
        ...EXAMPLE.tools,
        { name: 'get_weather', description: 'Weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } },
      ]
      const { status, message } = await post({ ...EXAMPLE, model, stream, tools }, running.key)
      expect(status).toBe(200)
      expect(kinds(message).length).toBeGreaterThan(0)
    })

    test(`the answer can be sent back [${model}, ${stream}]`, async () => {
      const first = (await post({ ...EXAMPLE, model, stream }, running.key)).message
      const messages = [...EXAMPLE.messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'Thanks. Say hello.' }]
      const { message } = await post({ ...EXAMPLE, model, stream, messages }, running.key)
      expect(textOf(message).length).toBeGreaterThan(0)
    })
  }
}

test('without a key: 401 in the shape of Messages', async () => {
  for (const key of [undefined, 'sk-wrong']) {
    const { status, json } = await post(EXAMPLE, key)
    expect(status).toBe(401)
    expect(json).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
  }
})

test('the page can be asked for through every door', async () => {
  for (const path of ['/v1/messages?beta=true', '/v1/v1/messages', '/messages']) {
    const { status } = await post(EXAMPLE, running.key, path)
    expect({ path, status }).toEqual({ path, status: 200 })
  }
})

for (const stream of [false, true]) {
  test(`the mirror formats search there too [${stream}]`, async () => {
    const input = EXAMPLE.messages[0]?.content
    for (const model of ['gpt-4o-mini', 'claude-3-7-sonnet-20250219', 'gemini-2.5-flash']) {
      const responses = await post({ model, stream, input, tools: [{ type: 'web_search' }] }, running.key, '/v1/responses')
      expect({ model, found: responses.text.includes('"web_search_call"') && responses.text.includes('url_citation') }).toEqual({
        model,
        found: true,
      })
      const chat = await post({ model, stream, messages: EXAMPLE.messages, web_search_options: {} }, running.key, '/v1/chat/completions')
      expect({ model, found: chat.text.includes('url_citation') }).toEqual({ model, found: true })
      const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const body = { contents: [{ parts: [{ text: input }] }], tools: [{ googleSearch: {} }] }
      const gemini = await post(body, running.key, `/v1beta/models/${model}:${method}`)
      expect({ model, found: gemini.text.includes('groundingChunks') }).toEqual({ model, found: true })
    }
  })
}
