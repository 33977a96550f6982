// The `test/*` behaviours and the shared limits, in-process on every wire.

import { describe, expect, test } from 'bun:test'
import { asArray, asObject, isObject, type JsonObject } from '../lib/json.ts'
import { sandboxHandler, TEST_MODELS } from './index.ts'

const handler = sandboxHandler()

interface Extra {
  readonly stream?: boolean
  readonly text?: string
  readonly body?: JsonObject
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

/** The same question on each wire. */
const WIRES: Readonly<Record<string, (model: string, extra?: Extra) => Request>> = {
  chat: (model, extra) =>
    request(
      '/v1/chat/completions',
      { model, stream: extra?.stream ?? false, messages: [{ role: 'user', content: extra?.text ?? 'Say hello' }] },
      extra,
    ),
  responses: (model, extra) =>
    request('/v1/responses', { model, stream: extra?.stream ?? false, input: extra?.text ?? 'Say hello' }, extra),
  messages: (model, extra) =>
    request(
      '/v1/messages',
      { model, max_tokens: 5000, stream: extra?.stream ?? false, messages: [{ role: 'user', content: extra?.text ?? 'Say hello' }] },
      extra,
    ),
  gemini: (model, extra) =>
    request(
      `/v1beta/models/${model}:${extra?.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      { contents: [{ parts: [{ text: extra?.text ?? 'Say hello' }] }] },
      extra,
    ),
  array: (model, extra) =>
    request(
      `/v1/models/${model}%3A${extra?.stream ? 'streamGenerateContent' : 'generateContent'}`,
      { contents: [{ parts: [{ text: extra?.text ?? 'Say hello' }] }] },
      extra,
    ),
}

const request = (path: string, body: JsonObject, extra: Extra = {}): Request =>
  new Request(`http://sandbox.invalid${path}`, {
    method: 'POST',
    body: JSON.stringify({ ...body, ...extra.body }),
    ...(extra.headers && { headers: extra.headers }),
    ...(extra.signal && { signal: extra.signal }),
  })

const read = async (response: Response): Promise<JsonObject> => (await response.json()) as JsonObject

/** Every string member named `text`, `content`, `delta` or `refusal` that carries answer text, in order. */
function textIn(value: unknown): string {
  if (Array.isArray(value)) return value.map(textIn).join('')
  if (!isObject(value)) return ''
  return Object.entries(value)
    .map(([name, member]) =>
      ['text', 'content', 'delta', 'refusal'].includes(name) && typeof member === 'string' ? member : textIn(member),
    )
    .join('')
}

for (const [name, ask] of Object.entries(WIRES)) {
  describe(name, () => {
    test('says that it is the sandbox, the same every time', async () => {
      const [first, second] = await Promise.all([handler(ask('gpt-4o-mini')), handler(ask('gpt-4o-mini'))])
      expect(first.headers.get('x-switchyard-sandbox')).toBe('true')
      const body = await read(first)
      expect(textIn(body)).toContain('Switchyard sandbox')
      expect(await read(second)).toEqual(body)
    })

    test('every test model answers or fails in the wire’s shape', async () => {
      for (const model of TEST_MODELS) {
        if (
          [
            'test/stall-at-12',
            'test/slow-first-token',
            'test/slow-stream',
            'test/cut-at-5',
            'test/malformed',
            'test/empty',
            'test/html',
          ].includes(model)
        )
          continue
        const response = await handler(ask(model))
        const body = await read(response)
        const fails = /\/(\d{3})/.exec(model) !== null || model === 'test/error-mid-stream'
        expect([model, response.status >= 400]).toEqual([model, fails])
        expect([model, isObject(body.error)]).toEqual([model, fails])
      }
      expect(await (await handler(ask('test/empty', { stream: true }))).text()).toBe('')
      expect((await handler(ask('test/html'))).headers.get('content-type')).toContain('text/html')
    })

    test('echoes verbatim, in pieces', async () => {
      const text = 'naïve 🙂 text\n\n  with   odd spacing and a verylongwordwithoutanybreakinit 你好世界你好世界你好世界你好 '
      expect(textIn(asObject(await read(await handler(ask('test/echo', { text }))))).startsWith(text)).toBe(true)
      const stream = await (await handler(ask('test/echo', { text, stream: true }))).text()
      expect(stream.split('\n').length).toBeGreaterThan(8)
    })

    test('the retry hint is there, and only where it belongs', async () => {
      expect((await handler(ask('test/429'))).headers.get('retry-after')).toBeNull()
      const limited = await handler(ask('test/429-retry-after'))
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1'])
    })

    test('fails once in each exchange', async () => {
      const fresh = sandboxHandler()
      const once = async (exchange: string) =>
        (await fresh(ask('test/500-then-ok', { headers: { 'x-switchyard-exchange': exchange } }))).status
      expect([await once('a'), await once('b'), await once('a'), await once('b'), await once('a')]).toEqual([500, 500, 200, 200, 500])
      const anonymous = async () => (await fresh(ask('test/500-then-ok'))).status
      expect([await anonymous(), await anonymous()]).toEqual([500, 200])
    })

    test('stalls after twelve pieces until the reader leaves', async () => {
      const response = await handler(ask('test/stall-at-12', { stream: true }))
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const decoder = new TextDecoder()
      let text = ''
      for (;;) {
        const next = await Promise.race([reader.read(), Bun.sleep(30).then(() => undefined)])
        if (next === undefined) break
        expect(next.done).toBe(false)
        text += decoder.decode(next.value)
      }
      expect(text).toContain('six')
      expect(text).not.toContain('seven')
      await reader.cancel()
    })

    test('the abort signal ends a stall and a whole answer alike', async () => {
      const controller = new AbortController()
      const whole = handler(ask('test/stall-at-12', { signal: controller.signal }))
      const response = await handler(ask('test/stall-at-12', { stream: true, signal: controller.signal }))
      const text = response.text()
      setTimeout(() => controller.abort(), 20)
      const ends = await Promise.allSettled([whole, text])
      expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    })

    test('cuts after five pieces without an end', async () => {
      for (const stream of [true, false]) {
        const response = await handler(ask('test/cut-at-5', { stream }))
        expect(response.status).toBe(200)
        await expect(response.text()).rejects.toThrow()
      }
    })

    test('an error frame after three pieces, a malformed frame in the middle', async () => {
      const error = await (await handler(ask('test/error-mid-stream', { stream: true }))).text()
      expect(error).toContain(' the')
      expect(error).not.toContain(' sandbox"')
      expect(error).toMatch(/"error"/)
      expect(error).not.toMatch(/\[DONE\]|message_stop|response\.completed|"finishReason"/)
      const malformed = await (await handler(ask('test/malformed', { stream: true }))).text()
      expect(malformed).toContain('bro')
      expect(() => JSON.parse(malformed)).toThrow()
    })

    test('JSON by schema', async () => {
      const body = await read(await handler(ask('test/json', { text: 'x' })))
      expect(textIn(body)).toContain('{"sandbox":true')
    })
  })
}

describe('limits', () => {
  const chat = async (body: JsonObject, text?: string): Promise<JsonObject> => {
    const ask = WIRES.chat as (model: string, extra?: Extra) => Request
    return asObject(
      asArray((await read(await handler(ask('test/echo', { body, ...(text !== undefined && { text }) })))).choices)?.[0],
    ) as JsonObject
  }

  test('a token limit cuts the text and says so', async () => {
    const choice = await chat({ max_tokens: 3 }, 'one two three four five')
    expect(asObject(choice.message)?.content).toBe('one two three')
    expect(choice.finish_reason).toBe('length')
    expect((await chat({ max_tokens: 5 }, 'one two three four five')).finish_reason).toBe('stop')
  })

  test('the first stop sequence cuts the text', async () => {
    const choice = await chat({ stop: ['four', 'two'] }, 'one two three four')
    expect(asObject(choice.message)?.content).toBe('one ')
    expect(choice.finish_reason).toBe('stop')
  })

  test('usage is never above the limit', async () => {
    const body = await read(
      await handler((WIRES.messages as (model: string, extra?: Extra) => Request)('test/long', { body: { max_tokens: 9 } })),
    )
    expect(asObject(body.usage)?.output_tokens).toBe(9)
    expect(body.stop_reason).toBe('max_tokens')
    expect(asObject(body.usage)).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
  })
})

describe('tools', () => {
  const shell = {
    type: 'function',
    function: {
      name: 'Bash',
      parameters: { type: 'object', properties: { command: { type: 'string' }, timeout: { type: 'number' } }, required: ['command'] },
    },
  }
  const write = { type: 'function', function: { name: 'Write', parameters: { type: 'object', properties: { path: { type: 'string' } } } } }
  const call = async (model: string, text: string, body: JsonObject = {}): Promise<unknown> => {
    const ask = WIRES.chat as (model: string, extra?: Extra) => Request
    const message = asObject(
      asObject(asArray((await read(await handler(ask(model, { text, body: { tools: [write, shell], ...body } })))).choices)?.[0])?.message,
    )
    return asObject(asObject(asArray(message?.tool_calls)?.[0])?.function) ?? message?.content
  }

  test('a shell comes first, with a harmless command', async () => {
    expect(await call('test/tool-call', 'go')).toEqual({ name: 'Bash', arguments: '{"command":"echo hello"}' })
    expect(await call('gpt-4o', 'run echo')).toEqual({ name: 'Bash', arguments: '{"command":"echo hello"}' })
  })

  test('an ordinary word that is also a tool’s name is no request', async () => {
    expect(await call('gpt-4o', 'Write a poem')).toContain('sandbox')
    expect(await call('gpt-4o', '<system-reminder>use the Bash tool</system-reminder>say hi')).toContain('sandbox')
    expect(await call('gpt-4o', 'use the Write tool')).toMatchObject({ name: 'Write' })
  })

  test('choices are obeyed', async () => {
    expect(await call('gpt-4o', 'hi', { tool_choice: 'required' })).toMatchObject({ name: 'Write' })
    expect(await call('gpt-4o', 'hi', { tool_choice: { type: 'function', function: { name: 'Bash' } } })).toMatchObject({ name: 'Bash' })
    expect(await call('test/tool-call', 'hi', { tool_choice: 'none' })).toContain('no tool')
  })
})

describe('hosted search on Messages', () => {
  const search = async (text: string, tool: JsonObject = {}): Promise<JsonObject[]> => {
    const ask = WIRES.messages as (model: string, extra?: Extra) => Request
    const body = await read(
      await handler(
        ask('claude-3-7-sonnet-20250219', { text, body: { tools: [{ type: 'web_search_20250305', name: 'web_search', ...tool }] } }),
      ),
    )
    return asArray(body.content) as JsonObject[]
  }
  const results = (content: JsonObject[]) =>
    content.filter(({ type }) => type === 'web_search_tool_result').map(({ content: found }) => found)

  test('obeys its domain lists', async () => {
    const allowed = results(await search('TypeScript 5.5', { allowed_domains: ['docs.example.org/guides'] }))[0] as JsonObject[]
    expect(allowed.map(({ url }) => url)).toEqual(['https://docs.example.org/guides/upgrade-typescript-web-app'])
    const blocked = results(
      await search('TypeScript 5.5', { blocked_domains: ['example.org', 'www.example.net'], allowed_domains: [] }),
    )[0] as JsonObject[]
    expect(blocked.map(({ url }) => new URL(String(url)).hostname)).toEqual(['devblogs.example.com'])
    expect(results(await search('no-results please', {}))).toEqual([[]])
  })

  test('the search after the last allowed one is an error result', async () => {
    const found = results(await search('search 3 times for TypeScript', { max_uses: 2 }))
    expect(found.length).toBe(3)
    expect(found[2]).toEqual({ type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' })
  })

  test('streams an empty input, the result whole, citations before their text', async () => {
    const ask = WIRES.messages as (model: string, extra?: Extra) => Request
    const stream = await (
      await handler(
        ask('claude-3-7-sonnet-20250219', {
          text: 'TypeScript 5.5',
          stream: true,
          body: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
        }),
      )
    ).text()
    const events = stream
      .split('\n\n')
      .filter(Boolean)
      .map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)) as JsonObject)
    const types = events.map((event) => asObject(event.delta)?.type ?? asObject(event.content_block)?.type ?? event.type)
    expect(types.indexOf('citations_delta')).toBeLessThan(types.lastIndexOf('text_delta'))
    const first = events.find((event) => asObject(event.delta)?.type === 'input_json_delta')
    expect(asObject(first?.delta)?.partial_json).toBe('')
    const result = events.find((event) => asObject(event.content_block)?.type === 'web_search_tool_result')
    expect(asArray(asObject(result?.content_block)?.content)?.length).toBeGreaterThan(0)
    expect(asObject(asObject(events.at(-2)?.usage)?.server_tool_use)).toEqual({ web_search_requests: 1, web_fetch_requests: 0 })
  })
})

test('media is seen', async () => {
  const content = [
    { type: 'text', text: 'look' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
  ]
  const body = await read(
    await handler(request('/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 99, messages: [{ role: 'user', content }] })),
  )
  expect(textIn(body)).toContain('I see 1 image and 1 file.')
})
