// Statements 21, 22 and 24 of web search: the exact events, when they come, and what a client that leaves sets free.

import { afterAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { waitFor } from '../../kit/switchyard.ts'
import { found, startSearx } from '../../kit/web-pages.ts'
import {
  Case,
  comparable,
  FETCH,
  fresh,
  type Heard,
  hits,
  QUERY,
  QUESTION,
  SEARCH,
  textOf,
  WEATHER,
  webSuite,
} from '../../kit/web-search.ts'

const STREAM = { modes: ['stream'] } as const
const ANSWER = ['I looked. ', 'Run npm install ', '-D typescript@5.5 in the root folder [1]. ', 'Most apps see few errors [2][3]. Bye.']

describe('the events', () => {
  const { statement, world } = webSuite()
  const summary = ({ data }: Heard): string => {
    const block = data.content_block as { type: string; citations?: unknown } | undefined
    const delta = data.delta as { type?: string } | undefined
    return [data.type, data.index ?? '', block?.type ?? delta?.type ?? '', block?.citations === undefined ? '' : 'cited'].join(' ').trim()
  }
  const of = (events: readonly Heard[]): Heard[] => events.filter(({ data }) => data.type !== 'ping')

  statement(
    21,
    'the sequence',
    async (it) => {
      it.say(['One moment. ', { search: QUERY }], ANSWER)
      const { events, message, headers } = await it.messages({})
      expect(headers.get('content-type')).toContain('text/event-stream')
      for (const { event, data } of events) expect(event).toBe(data.type as string)
      const order = of(events).map(summary)
      const runs = order.filter((item, index) => item !== order[index - 1])
      expect(runs).toEqual(
        [
          ...['message_start', 'content_block_start 0 text', 'content_block_delta 0 text_delta', 'content_block_stop 0'],
          ...['content_block_start 1 server_tool_use', 'content_block_delta 1 input_json_delta', 'content_block_stop 1'],
          ...['content_block_start 2 web_search_tool_result', 'content_block_stop 2'],
          ...['content_block_start 3 text', 'content_block_delta 3 text_delta', 'content_block_stop 3'],
          ...[
            'content_block_start 4 text  cited',
            'content_block_delta 4 citations_delta',
            'content_block_delta 4 text_delta',
            'content_block_stop 4',
          ],
          ...['content_block_start 5 text', 'content_block_delta 5 text_delta', 'content_block_stop 5'],
          ...[
            'content_block_start 6 text  cited',
            'content_block_delta 6 citations_delta',
            'content_block_delta 6 text_delta',
            'content_block_stop 6',
          ],
          ...['content_block_start 7 text', 'content_block_delta 7 text_delta', 'content_block_stop 7'],
          ...['message_delta', 'message_stop'],
        ].map((item) => item.replace('  ', ' ')),
      )
      expect(textOf(message)).toBe(
        'One moment. I looked. Run npm install -D typescript@5.5 in the root folder. Most apps see few errors. Bye.',
      )
    },
    STREAM,
  )

  statement(
    21,
    'starts and first fragments',
    async (it) => {
      it.say([{ search: QUERY }], ANSWER)
      const events = of((await it.messages({})).events)
      const [start, ...rest] = events.filter(({ data }) => data.index === 0)
      expect(start?.data.content_block).toMatchObject({
        type: 'server_tool_use',
        name: 'web_search',
        input: {},
        caller: { type: 'direct' },
      })
      const fragments = rest.flatMap(({ data }) => ((data.delta as { partial_json?: string } | undefined)?.partial_json ?? []) as string[])
      expect(fragments[0]).toBe('')
      expect(JSON.parse(fragments.join(''))).toEqual({ query: QUERY })
      const result = events.filter(({ data }) => data.index === 1)
      expect(result.map(({ data }) => data.type)).toEqual(['content_block_start', 'content_block_stop'])
      expect(((result[0] as Heard).data.content_block as { content: unknown[] }).content.length).toBeGreaterThan(1)
      for (const { data } of events) {
        const block = data.content_block as { type: string; text?: string; citations?: unknown } | undefined
        if (block?.type !== 'text') continue
        expect(block.text).toBe('')
        if (block.citations !== undefined) expect(block.citations).toEqual([])
      }
      const opening = events[0]?.data.message as { content: unknown[]; stop_reason: unknown; usage: { input_tokens: number } }
      expect(opening).toMatchObject({ content: [], stop_reason: null })
      expect(opening.usage.input_tokens).toBeNumber()
    },
    STREAM,
  )

  statement(
    21,
    'the last counters are those of the whole turn',
    async (it) => {
      it.say({ pieces: [{ search: QUERY }], input: 100, output: 7 }, { pieces: ANSWER, input: 900, output: 40 })
      const { events } = await it.messages({})
      const deltas = events.filter(({ data }) => data.type === 'message_delta')
      expect(deltas).toHaveLength(1)
      expect(deltas[0]?.data).toMatchObject({
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: {
          ...{ input_tokens: 1000, output_tokens: 47, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
          server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
        },
      })
      expect(events.at(-1)?.data).toEqual({ type: 'message_stop' })
    },
    STREAM,
  )

  for (const upstream of ['chat', 'gemini', 'responses'] as const) {
    test(`21. the official SDK rebuilds the whole answer from the stream [${upstream}]`, async () => {
      const it = new Case(world, upstream, 'stream')
      const client = new Anthropic({ baseURL: world.url, apiKey: world.key, maxRetries: 0 })
      const body = { model: it.model, max_tokens: 1024, messages: [QUESTION], tools: [SEARCH, FETCH, WEATHER] } as never
      const script = [
        ['Wait. ', { search: QUERY }, { search: 'Everest' }],
        [{ fetch: 'https://made-up.example.com/' }],
        [...ANSWER, { call: 'get_weather', input: { city: 'Paris' } }],
      ] as const
      it.say(...script)
      const { parsed_output: _, ...streamed } = await client.messages.stream(body).finalMessage()
      it.say(...script)
      const whole = await client.messages.create(body)
      expect(comparable(streamed)).toEqual(comparable(whole))
      expect(streamed.content.map(({ type }) => type)).toContain('web_search_tool_result')
      expect(streamed.stop_reason).toBe('tool_use')
    })
  }
})

describe('the times', () => {
  const searx = startSearx()
  afterAll(() => searx.stop())
  const { statement, world } = webSuite({
    config: () => `
search: [{ name: searx, backend: searxng, base_url: "${searx.url}" }]
limits: { heartbeat_seconds: 0.3 }
`,
  })
  const slow = {
    headers: { 'content-type': 'application/json' },
    pieces: [1200, JSON.stringify(found({ url: 'https://one.example/' }).body)],
  }

  statement(
    22,
    'words reach the client before the search runs',
    async (it) => {
      searx.answer({ pieces: ['hang'] })
      searx.received.length = 0
      it.say(['Let me look that up for you. ', { search: fresh('lamps') }], ['never'])
      const stop = new AbortController()
      let words = ''
      let call = false
      const running = it.messages(
        {},
        {
          signal: stop.signal,
          heard: ({ data }) => {
            words += (data.delta as { text?: string } | undefined)?.text ?? ''
            if ((data.content_block as { type?: string } | undefined)?.type === 'server_tool_use') call = true
          },
        },
      )
      await waitFor(
        () => (words.startsWith('Let me look that up for you.') && call ? true : undefined),
        () => `heard only: ${words}`,
      )
      await waitFor(() => searx.received[0])
      stop.abort()
      await running.catch(() => undefined)
      await waitFor(() => (searx.aborted() > 0 ? true : undefined))
    },
    STREAM,
  )

  statement(
    22,
    'pings while a search is slow',
    async (it) => {
      searx.answer(slow)
      it.say([{ search: fresh('lamps') }], ['Done.'])
      const { events, message } = await it.messages({})
      const at = (test: (heard: Heard) => boolean): number => events.findIndex(test)
      const stop = at(({ data }) => data.type === 'content_block_stop' && data.index === 0)
      const result = at(({ data }) => (data.content_block as { type?: string } | undefined)?.type === 'web_search_tool_result')
      const pings = events.slice(stop, result).filter(({ data }) => data.type === 'ping')
      expect(pings.length).toBeGreaterThan(0)
      expect(hits(message)).toHaveLength(1)
    },
    STREAM,
  )

  statement(22, 'searches of one round run side by side', async (it) => {
    searx.answer(slow)
    it.say([{ search: fresh('a') }, { search: fresh('b') }, { search: fresh('c') }], ['Done.'])
    const started = performance.now()
    const { message } = await it.messages({})
    expect(hits(message)).toHaveLength(3)
    expect(performance.now() - started).toBeLessThan(3400)
  })

  statement(
    22,
    'a sentence does not wait for the end',
    async (it) => {
      searx.answer(found({ url: 'https://one.example/', content: 'Lamps were sold 17 times.' }))
      it.say([{ search: fresh('lamps') }], ['Lamps were sold 17 times [1]. ', 'And ', 900, 'more. ', 900, 'The end.'])
      const times = new Map<string, number>()
      let words = ''
      const note = ({ data, atMs }: Heard): void => {
        words += (data.delta as { text?: string } | undefined)?.text ?? ''
        for (const part of ['17 times.', 'more.', 'The end.']) if (words.includes(part) && !times.has(part)) times.set(part, atMs)
      }
      const { message } = await it.messages({}, { heard: note })
      const gap = (a: string, b: string): number => (times.get(b) as number) - (times.get(a) as number)
      expect(gap('17 times.', 'more.')).toBeGreaterThan(500)
      expect(gap('17 times.', 'The end.')).toBeGreaterThan(1300)
      expect(textOf(message)).toBe('Lamps were sold 17 times. And more. The end.')
      expect(message.content.some(({ citations }) => citations?.length === 1)).toBe(true)
    },
    STREAM,
  )

  statement(
    22,
    'answers that begin like a call are not held when they are none',
    async (it) => {
      for (const start of ['{"answer": 1, ', '```json\n{"answer": ', '```ts\n', '<b>x</b> ']) {
        it.say([start, 400, 'and more'])
        let first = 0
        let last = 0
        const note = ({ data, atMs }: Heard): void => {
          if ((data.delta as { type?: string } | undefined)?.type !== 'text_delta') return
          first ||= atMs
          last = atMs
        }
        const { message } = await it.messages({}, { heard: note })
        expect(textOf(message)).toBe(`${start}and more`)
        expect({ start, waits: last - first > 200 }).toEqual({ start, waits: true })
      }
    },
    { modes: ['stream'], upstreams: ['chat'] },
  )

  statement(
    22,
    'a long sentence without an end is not held for ever',
    async (it) => {
      searx.answer(found({ url: 'https://one.example/' }))
      it.say([{ search: fresh('lamps') }], ['words that go on and on '.repeat(3), 2600, 'and come to an end.'])
      let first = 0
      let last = 0
      await it.messages(
        {},
        {
          heard: ({ data, atMs }) => {
            if ((data.delta as { type?: string } | undefined)?.type === 'text_delta') {
              first ||= atMs
              last = atMs
            }
          },
        },
      )
      expect(last - first).toBeGreaterThan(500)
    },
    { modes: ['stream'], upstreams: ['gemini'] },
  )

  statement(24, 'a client that leaves in a search frees the backend', async (it) => {
    searx.answer({ pieces: ['hang'] })
    searx.received.length = 0
    const before = searx.aborted()
    it.say([{ search: fresh('lamps') }], ['never'])
    const stop = new AbortController()
    const running = it.messages({}, { signal: stop.signal }).catch(() => undefined)
    await waitFor(() => searx.received[0])
    stop.abort()
    await running
    await waitFor(() => (searx.aborted() > before ? true : undefined))
    await Bun.sleep(100)
    expect(it.asked()).toHaveLength(1)
  })

  statement(24, 'a client that leaves in the second round frees the upstream', async (it) => {
    searx.answer(found({ url: 'https://one.example/' }))
    it.say([{ search: fresh('lamps') }], ['Some words. ', 'hang!'])
    const before = world.model.upstream.aborted()
    const stop = new AbortController()
    const running = it.messages({}, { signal: stop.signal }).catch(() => undefined)
    await waitFor(() => it.asked()[1])
    await Bun.sleep(50)
    stop.abort()
    await running
    await waitFor(() => (world.model.upstream.aborted() > before ? true : undefined))
  })
})
