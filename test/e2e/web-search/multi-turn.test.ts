// Statements 25 to 29 of web search: what comes back in a conversation, on any node and any model.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  type Block,
  calls,
  citationsOf,
  hits,
  kinds,
  type Message,
  MODEL,
  QUERY,
  QUESTION,
  SEARCH,
  SECRET,
  searchResults,
  textOf,
  World,
  webSuite,
} from '../../kit/web-search.ts'

const { statement, world } = webSuite()
const CITED = 'Run npm install -D typescript@5.5 in the root folder [1]. '
const AGAIN = { role: 'user', content: 'And what about the linter?' } as const

/** A first answer with one search and citations, as a client keeps it. */
async function firstTurn(at: World, model: string = MODEL.chat): Promise<Message> {
  at.model.say([{ search: QUERY }], ['I looked. ', CITED, 'Most apps see few errors [2].'])
  const body = { model, max_tokens: 1024, messages: [QUESTION], tools: [SEARCH] }
  return (await at.post('/v1/messages', body)).message
}
const continued = (content: readonly unknown[]): object[] => [QUESTION, { role: 'assistant', content }, AGAIN]

statement(25, 'the next turn has the evidence', async (it) => {
  const first = await firstTurn(world, it.model)
  it.say(['Update the linter too [1].'])
  const { message } = await it.messages({ messages: continued(first.content) })
  expect(textOf(message)).toBe('Update the linter too.')
  const [asked] = it.asked()
  expect(asked?.results).toHaveLength(1)
  expect(asked?.results[0]).toContain('npm install -D typescript@5.5')
  expect(asked?.results[0]).toContain(hits(first)[0]?.url as string)
  expect(asked?.text).not.toContain(hits(first)[0]?.encrypted_content as string)
  expect(citationsOf(message)[0]?.url).toBe(hits(first)[0]?.url as string)
})

describe('another node', () => {
  const other = new World()
  const rotated = new World()
  beforeAll(async () => {
    await other.start({})
    await rotated.start({ environment: { SWITCHYARD_SECRET: `two:${Buffer.alloc(32, 7).toString('base64')},${SECRET}` } })
  })
  afterAll(async () => {
    await other.stop()
    await rotated.stop()
  })

  for (const [name, node] of [
    ['the same key', other],
    ['a rotated ring', rotated],
  ] as const) {
    for (const model of [MODEL.gemini, MODEL.responses, MODEL.chat]) {
      for (const stream of [false, true]) {
        test(`25. another node with ${name} and another model [${model}, ${stream}]`, async () => {
          const first = await firstTurn(world)
          node.model.say(['The linter [2].'])
          const body = { model, stream, max_tokens: 1024, messages: continued(first.content), tools: [SEARCH] }
          const { message } = await node.post('/v1/messages', body)
          expect(textOf(message)).toBe('The linter.')
          expect(node.model.asked()[0]?.results.join()).toContain('npm install -D typescript@5.5')
          expect(citationsOf(message)[0]?.url).toBe(hits(first)[1]?.url as string)
        })
      }
    }
  }
})

/** The content with the first search result, or citation, changed. */
const altered = (content: readonly Block[], change: (hit: Record<string, unknown>) => void, where: 'result' | 'citation'): object[] => {
  const copy = structuredClone(content) as unknown as Record<string, unknown>[]
  const at = copy.findIndex((block) => (where === 'result' ? block.type === 'web_search_tool_result' : block.citations))
  const list = (where === 'result' ? copy[at]?.content : copy[at]?.citations) as Record<string, unknown>[]
  change(list[0] as Record<string, unknown>)
  return copy
}
const flip = (text: unknown, at: number): string => {
  const given = String(text)
  return given.slice(0, at) + (given[at] === 'A' ? 'B' : 'A') + given.slice(at + 1)
}

for (const [title, where, change, path] of [
  [
    'a byte near the start',
    'result',
    (hit) => void (hit.encrypted_content = flip(hit.encrypted_content, 12)),
    /messages\[1\]\.content\[1\]\.content\[0\]\.encrypted_content/,
  ],
  [
    'a byte in the middle',
    'result',
    (hit) => void (hit.encrypted_content = flip(hit.encrypted_content, 60)),
    /messages\[1\]\.content\[1\]\.content\[0\]\.encrypted_content/,
  ],
  [
    'a blob cut short',
    'result',
    (hit) => void (hit.encrypted_content = String(hit.encrypted_content).slice(0, -8)),
    /messages\[1\]\.content\[1\]\.content\[0\]\.encrypted_content/,
  ],
  [
    'another address',
    'result',
    (hit) => void (hit.url = 'https://evil.example.com/'),
    /messages\[1\]\.content\[1\]\.content\[0\]\.encrypted_content/,
  ],
  ['another title', 'result', (hit) => void (hit.title = 'Another title'), /messages\[1\]\.content\[1\]\.content\[0\]\.encrypted_content/],
  [
    'an index',
    'citation',
    (hit) => void (hit.encrypted_index = flip(hit.encrypted_index, 60)),
    /messages\[1\]\.content\[\d\]\.citations\[0\]\.encrypted_index/,
  ],
] as [string, 'result' | 'citation', (hit: Record<string, unknown>) => void, RegExp][]) {
  statement(26, `refused: ${title} was changed`, async (it) => {
    const first = await firstTurn(world)
    it.say(['never'])
    const { status, json } = await it.messages({ messages: continued(altered(first.content, change, where)) })
    expect(status).toBe(400)
    expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
    expect((json.error as { message: string }).message).toMatch(path)
    expect(it.asked()).toHaveLength(0)
  })
}

statement(26, 'page_age may change or be left out', async (it) => {
  const first = await firstTurn(world)
  it.say(['Fine.'])
  const content = altered(first.content, (hit) => void delete hit.page_age, 'result')
  expect((await it.messages({ messages: continued(content) })).status).toBe(200)
})

statement(26, 'a damaged blob is refused without the tool declared, too', async (it) => {
  const first = await firstTurn(world)
  it.say(['never'])
  const content = altered(first.content, (hit) => void (hit.encrypted_content = flip(hit.encrypted_content, 60)), 'result')
  expect((await it.messages({ tools: undefined, messages: continued(content) })).status).toBe(400)
})

const foreign = (sealed: string | undefined): object[] => [
  { type: 'server_tool_use', id: 'srvtoolu_01foreign', name: 'web_search', input: { query: 'lamps' } },
  {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_01foreign',
    content: [
      { type: 'web_search_result', url: 'https://lamps.example.com/', title: 'All about lamps', page_age: null, encrypted_content: sealed },
    ],
  },
  { type: 'text', text: 'Lamps are bright.' },
]

for (const sealed of ['EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5LTQ1NGUtODgxNC1kNjNjNTk1ZWI3Y', '', undefined]) {
  statement(27, `a blob of others (${sealed?.slice(0, 4)}) means title and address`, async (it) => {
    it.say(['Fine.'])
    const { message } = await it.messages({ messages: continued(foreign(sealed)) })
    expect(textOf(message)).toBe('Fine.')
    const text = it.asked()[0]?.text ?? ''
    expect(text).toContain('https://lamps.example.com/')
    expect(text).toContain('All about lamps')
    if (sealed) expect(text).not.toContain(sealed)
  })
}

statement(
  27,
  'our blob never reaches Anthropic, the evidence does',
  async (it) => {
    const first = await firstTurn(world)
    it.say(['Fine.'])
    for (const tools of [[SEARCH], undefined]) {
      it.say(['Fine.'])
      const { message } = await it.messages({ tools, messages: continued(first.content) })
      expect(textOf(message)).toBe('Fine.')
      const text = it.asked()[0]?.text ?? ''
      for (const hit of hits(first)) expect(text).not.toContain(hit.encrypted_content)
      for (const { encrypted_index } of citationsOf(first)) expect(text).not.toContain(encrypted_index)
      expect(text).toContain('npm install -D typescript@5.5')
    }
  },
  { upstreams: ['messages'] },
)

statement(
  27,
  "Anthropic's own blob goes back to Anthropic as it is",
  async (it) => {
    const sealed = 'EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5LTQ1NGUtODgxNC1kNjNjNTk1ZWI3Y'
    it.say(['Fine.'])
    const { status } = await it.messages({ messages: continued(foreign(sealed)) })
    expect(status).toBe(200)
    expect(it.asked()[0]?.text).toContain(sealed)
  },
  { upstreams: ['messages'] },
)

const DEFERRED = [
  { type: 'text', text: 'Both.' },
  { type: 'server_tool_use', id: 'srvtoolu_01deferred', name: 'web_search', input: { query: QUERY }, caller: { type: 'direct' } },
  { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: { city: 'Paris' } },
]
const RESULT = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01', content: '18 degrees' }] }
const WITH_CLIENT = [SEARCH, { name: 'get_weather', input_schema: { type: 'object', properties: {} } }]

statement(28, 'a deferred search runs first', async (it) => {
  it.say(['It is 18 degrees, and 5.5 is out [1].'])
  const { message } = await it.messages({
    tools: WITH_CLIENT,
    messages: [QUESTION, { role: 'assistant', content: DEFERRED }, RESULT],
  })
  expect(kinds(message)[0]).toBe('web_search_tool_result')
  expect(searchResults(message)[0]?.tool_use_id).toBe('srvtoolu_01deferred')
  expect(calls(message)).toEqual([])
  expect(hits(message).length).toBeGreaterThan(0)
  expect(textOf(message)).toBe('It is 18 degrees, and 5.5 is out.')
  expect(it.asked()[0]?.results.join('\n')).toContain('18 degrees')
  expect(it.asked()[0]?.results.join('\n')).toContain('npm install')
  expect(message.usage.server_tool_use?.web_search_requests).toBe(1)
})

statement(28, 'a paused turn is carried on', async (it) => {
  it.say(['5.5 is out [1].'])
  const { message } = await it.messages({ messages: [QUESTION, { role: 'assistant', content: DEFERRED.slice(0, 2) }] })
  expect(kinds(message)[0]).toBe('web_search_tool_result')
  expect(textOf(message)).toBe('5.5 is out.')
})

statement(28, 'words behind an open search are refused', async (it) => {
  it.say(['never'])
  const extra = { role: 'user', content: [...RESULT.content, { type: 'text', text: 'and more' }] }
  const { status, json } = await it.messages({ tools: WITH_CLIENT, messages: [QUESTION, { role: 'assistant', content: DEFERRED }, extra] })
  expect(status).toBe(400)
  expect(JSON.stringify(json)).toContain('srvtoolu_01deferred')
})

statement(28, 'an open search whose tool is gone is refused', async (it) => {
  it.say(['never'])
  const { status } = await it.messages({
    tools: WITH_CLIENT.slice(1),
    messages: [QUESTION, { role: 'assistant', content: DEFERRED }, RESULT],
  })
  expect(status).toBe(400)
})

statement(29, 'markers come back on replay', async (it) => {
  const first = await firstTurn(world)
  it.say(['Fine.'])
  await it.messages({ messages: continued(first.content) })
  const text = it.asked()[0]?.text ?? ''
  expect(text).toMatch(/in the root folder\.? ?\[1\]/)
  expect(text).toMatch(/few errors\.? ?\[2\]/)
  expect(text).toContain('I looked.')
})

statement(29, 'the same history always has the same numbers', async (it) => {
  const first = await firstTurn(world)
  it.say([{ search: 'Mount Everest height' }], ({ results }) => [
    `High [${/\[(\d+)\] Mount Everest/.exec(results.at(-1) ?? '')?.[1]}]. Still true [1].`,
  ])
  const { message } = await it.messages({ messages: continued(first.content) })
  const [high, old] = citationsOf(message)
  expect(high?.url).toBe('https://en.wikipedia.org/wiki/Mount_Everest')
  expect(old?.url).toBe(hits(first)[0]?.url as string)
})
