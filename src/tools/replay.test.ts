import { describe, expect, test } from 'bun:test'
import type { Block, Message, ServerToolResultBlock } from '../core/chat.ts'
import { GatewayError } from '../core/errors.ts'
import { citationsFor } from './cite.ts'
import { type ReplayOptions, replayHistory, resultMessage, withPending } from './replay.ts'
import { errorResultBlock, searchResultBlock } from './results.ts'
import { SealRing } from './seal.ts'
import { SourceList } from './sources.ts'

const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
const ring = new SealRing(`k1:${key(1)}`)
const seal = { ring, tenant: 'org', nowMs: 5 }

/** What the first turn on another node gave the client. */
function firstTurn(): { call: Block; result: ServerToolResultBlock; cited: Block } {
  const sources = new SourceList()
  const found = sources.addAll(
    [
      { url: 'https://a.example/', title: 'A', pageAge: 'May 1, 2025', passages: ['Apples cost 4 euros.', 'More on apples.'] },
      { url: 'https://b.example/', title: 'B', pageAge: null, passages: ['Pears cost 5 euros.'] },
    ],
    'srvtoolu_1',
  )
  return {
    call: { type: 'server-tool-call', id: 'srvtoolu_1', name: 'web_search', input: { query: 'fruit prices' } },
    result: searchResultBlock('srvtoolu_1', found, seal),
    cited: { type: 'text', text: 'Pears cost 5.', citations: citationsFor('Pears cost 5.', [2], { sources, ring, tenant: 'org' }) },
  }
}

const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
const options = (extra: Partial<ReplayOptions> = {}): ReplayOptions => ({
  ...seal,
  sources: new SourceList(),
  boundary: 'bnd',
  names: { search: 'web_search', fetch: 'web_fetch' },
  declared: { search: true, fetch: true },
  format: 'anthropic-messages',
  ...extra,
})
const text = (block: Block | undefined): string =>
  block?.type === 'text' ? block.text : block?.type === 'tool-result' ? block.content.map((item) => text(item)).join('') : ''
const types = (messages: readonly Message[]) => messages.map(({ role, content }) => `${role}: ${content.map(({ type }) => type).join(' ')}`)
const refusal = (messages: readonly Message[], extra: Partial<ReplayOptions> = {}): GatewayError => {
  try {
    replayHistory(messages, options(extra))
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('was accepted')
}

describe('a second turn', () => {
  const { call, result, cited } = firstTurn()
  const history: Message[] = [
    { role: 'system', content: [{ type: 'text', text: 'S' }] },
    user('Prices?'),
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'Let me look.' },
        call,
        result,
        { type: 'text', text: 'I found it. ' },
        cited,
        { type: 'text', text: ' Bye.' },
      ],
    },
    user('And plums?'),
  ]

  test('works on another node: unsealed text reaches the model and markers are back', () => {
    const sources = new SourceList()
    const { messages, pending } = replayHistory(history, options({ sources, ring: new SealRing(`k2:${key(2)},k1:${key(1)}`) }))
    expect(types(messages)).toEqual([
      'system: text',
      'user: text',
      'assistant: reasoning text tool-call',
      'user: tool-result',
      'assistant: text',
      'user: text',
    ])
    const call = messages[2]?.content[2]
    expect(call?.type === 'tool-call' && [call.name, call.arguments]).toEqual(['web_search', '{"query":"fruit prices"}'])
    expect(text(messages[3]?.content[0])).toContain('[2] B\nURL: https://b.example/\n\nPears cost 5 euros.')
    expect(text(messages[4]?.content[0])).toBe('I found it. Pears cost 5. [2] Bye.')
    expect(pending).toEqual([])
    expect(sources.get(1)).toMatchObject({ url: 'https://a.example/', passages: ['Apples cost 4 euros.', 'More on apples.'] })
  })

  test('numbers are the same every time', () => {
    const once = JSON.stringify(replayHistory(history, options()).messages)
    expect(JSON.stringify(replayHistory(history, options()).messages)).toBe(once)
  })

  const changed = (change: (result: ServerToolResultBlock) => ServerToolResultBlock): Message[] => [
    history[0] as Message,
    history[1] as Message,
    { role: 'assistant', content: [call, change(result)] },
  ]
  const withFirst = (members: Partial<NonNullable<ServerToolResultBlock['results']>[number]>) =>
    changed((block) => ({ ...block, results: (block.results ?? []).map((item, i) => (i === 0 ? { ...item, ...members } : item)) }))
  const sealed = result.results?.[0]?.sealed ?? ''

  test.each<[string, Message[]]>([
    ['one character changed', withFirst({ sealed: sealed.slice(0, 50) + (sealed[50] === 'A' ? 'B' : 'A') + sealed.slice(51) })],
    ['first character changed', withFirst({ sealed: `X${sealed.slice(1)}` })],
    ['another address', withFirst({ url: 'https://evil.example/' })],
    ['another title', withFirst({ title: 'Z' })],
    ["another result's blob", withFirst({ sealed: result.results?.[1]?.sealed ?? '' })],
  ])('400 with the path for %s', (_, messages) => {
    const error = refusal(messages)
    expect([error.status, error.details.field]).toEqual([400, 'messages[1].content[1].content[0].encrypted_content'])
    expect(error.message).toContain('encrypted_content')
  })

  test("another organisation's blob, and a damaged index", () => {
    expect(refusal(history, { tenant: 'other' }).status).toBe(400)
    const damaged: Block = {
      ...cited,
      type: 'text',
      text: 'x',
      citations: [{ kind: 'url', url: 'https://b.example/', title: 'B', sealed: `${sealed.slice(0, 60)}AAAA` }],
    }
    const error = refusal([history[1] as Message, { role: 'assistant', content: [call, result, damaged] }])
    expect(error.details.field).toBe('messages[1].content[2].citations[0].encrypted_index')
  })

  test('foreign and empty blobs degrade to title and address', () => {
    for (const blob of ['EpMECioIARgCKiQy', '', undefined]) {
      const { messages } = replayHistory(
        changed((block) => ({
          ...block,
          results: (block.results ?? []).map(({ url, title }) => ({ url, title, ...(blob !== undefined && { sealed: blob }) })),
        })),
        options(),
      )
      expect(text(messages[3]?.content[0])).toContain('[1] A\nURL: https://a.example/')
      expect(text(messages[3]?.content[0])).not.toContain('Apples cost')
    }
  })

  test('errors, orphans and unknown tools', () => {
    const { messages } = replayHistory(
      [
        {
          role: 'assistant',
          content: [
            call,
            errorResultBlock('srvtoolu_1', 'web_search', 'max_uses_exceeded'),
            errorResultBlock('srvtoolu_unknown', 'web_search', 'unavailable'),
            { type: 'server-tool-call', id: 's9', name: 'code_execution', input: {} },
            { type: 'text', text: 'x' },
          ],
        },
      ],
      options(),
    )
    expect(types(messages)).toEqual(['assistant: tool-call', 'user: tool-result', 'assistant: server-tool-call text'])
    expect(text(messages[1]?.content[0])).toStartWith('Error: max_uses_exceeded')
  })

  test('older searches are shortened', () => {
    const many: Block[] = []
    for (let i = 0; i < 6; i++) {
      many.push({ type: 'server-tool-call', id: `s${i}`, name: 'web_search', input: { query: 'q' } }, { ...result, callId: `s${i}` })
    }
    const { messages } = replayHistory([{ role: 'assistant', content: many }], options({ keepWhole: 2 }))
    const shown = messages.filter(({ role }) => role === 'user').map(({ content }) => text(content[0]).includes('More on apples'))
    expect(shown).toEqual([false, false, false, false, true, true])
  })

  test('parallel calls stay in one turn', () => {
    const second: Block = { type: 'server-tool-call', id: 's2', name: 'web_search', input: { query: 'q' } }
    const { messages } = replayHistory(
      [{ role: 'assistant', content: [call, second, result, { ...result, callId: 's2' }, { type: 'text', text: 'done' }] }],
      options(),
    )
    expect(types(messages)).toEqual(['assistant: tool-call tool-call', 'user: tool-result tool-result', 'assistant: text'])
  })
})

describe('fetched pages', () => {
  const page = (citationsEnabled: boolean): Message[] => [
    {
      role: 'assistant',
      content: [
        { type: 'server-tool-call', id: 'f1', name: 'web_fetch', input: { url: 'https://a.example/' } },
        {
          type: 'server-tool-result',
          callId: 'f1',
          name: 'web_fetch',
          page: {
            url: 'https://a.example/',
            title: 'A',
            source: { kind: 'text', mediaType: 'text/plain', text: 'Body text.' },
            citationsEnabled,
          },
        },
      ],
    },
  ]
  test('come back as text and count as documents', () => {
    const sources = new SourceList()
    const { messages, documents } = replayHistory(
      [{ role: 'user', content: [{ type: 'file', source: { kind: 'text', mediaType: 'text/plain', text: 'd' } }] }, ...page(true)],
      options({ sources }),
    )
    expect(text(messages[2]?.content[0])).toContain('Body text.')
    expect(sources.get(1)).toMatchObject({ documentIndex: 1, cited: true })
    expect(documents).toBe(2)
    const quiet = new SourceList()
    replayHistory(page(false), options({ sources: quiet }))
    expect(quiet.get(1)?.cited).toBe(false)
  })
  test('PDFs go on as files', () => {
    const [message] = page(false)
    const call = message?.content[0] as Block
    const { messages } = replayHistory(
      [
        {
          role: 'assistant',
          content: [
            call,
            {
              type: 'server-tool-result',
              callId: 'f1',
              name: 'web_fetch',
              page: { url: 'https://a.example/', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' } },
            },
          ],
        },
      ],
      options(),
    )
    const result = messages[1]?.content[0]
    expect(result?.type === 'tool-result' && result.content[0]?.type).toBe('file')
  })
})

describe('calls without result', () => {
  const { call, result } = firstTurn()
  const clientCall: Block = { type: 'tool-call', id: 'toolu_1', name: 'f', arguments: '{}', kind: 'function' }
  const clientResult: Block = { type: 'tool-result', callId: 'toolu_1', content: [{ type: 'text', text: 'r' }], isError: false }
  const answer = { role: 'user', content: [clientResult] } as Message

  test('are pending, beside a client tool or after a pause, and take their place once run', () => {
    for (const [history, expected] of [
      [
        [user('q'), { role: 'assistant', content: [call, clientCall] }, answer],
        ['user: text', 'assistant: tool-call tool-call', 'user: tool-result', 'user: tool-result'],
      ],
      [
        [user('q'), { role: 'assistant', content: [call] }],
        ['user: text', 'assistant: tool-call', 'user: tool-result'],
      ],
    ] as [Message[], string[]][]) {
      const replayed = replayHistory(history, options())
      expect(replayed.pending.map(({ call }) => call.id)).toEqual(['srvtoolu_1'])
      const names = { search: 'web_search', fetch: 'web_fetch' }
      const messages = withPending(replayed, (pending) => resultMessage(pending, names, [{ type: 'text', text: 'now' }]))
      expect(types(messages)).toEqual(expected)
      expect(text(messages[2]?.content[0])).toBe('now')
    }
  })

  test('answered in the message after the client tools', () => {
    const { messages, pending } = replayHistory(
      [{ role: 'assistant', content: [call, clientCall] }, answer, { role: 'assistant', content: [result, { type: 'text', text: 'So.' }] }],
      options(),
    )
    expect(pending).toEqual([])
    expect(types(messages)).toEqual(['assistant: tool-call tool-call', 'user: tool-result', 'user: tool-result', 'assistant: text'])
  })

  test('are refused without the tool, or with other content behind them', () => {
    const paused: Message[] = [user('q'), { role: 'assistant', content: [call] }]
    expect(refusal(paused, { declared: { search: false, fetch: true } }).message).toContain('not provided')
    expect(refusal([...paused, user('go on')]).details.field).toBe('messages[2]')
    expect(
      refusal([
        user('q'),
        { role: 'assistant', content: [call, clientCall] },
        { role: 'user', content: [clientResult, { type: 'text', text: 'x' }] },
      ]).status,
    ).toBe(400)
  })

  test('of other formats are dropped', () => {
    const { messages, pending } = replayHistory(
      [{ role: 'assistant', content: [call, { type: 'text', text: 'x' }] }, user('y')],
      options({ format: 'openai-responses' }),
    )
    expect([types(messages), pending]).toEqual([['assistant: text', 'user: text'], []])
  })
})
