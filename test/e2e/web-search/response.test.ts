// Statements 9 to 14 of web search: the blocks of an answer, their citations and their counters.

import { expect } from 'bun:test'
import {
  blocks,
  calls,
  citationsOf,
  codes,
  comparable,
  corpusText,
  FETCH,
  fresh,
  hits,
  kinds,
  QUERY,
  SEARCH,
  searchResults,
  textOf,
  webSuite,
} from '../../kit/web-search.ts'

const { statement } = webSuite()

const CITED = 'Run npm install -D typescript@5.5 in the root folder [1].'
const ANSWER = ['I looked it up. ', CITED, ' Most web apps see few new errors [2][3]. Good luck!']
const RULES = [[{ search: QUERY }], ANSWER] as const

statement(9, 'call and result are a pair', async (it) => {
  it.say(...RULES)
  const { message } = await it.messages({})
  const [call, result] = message.content
  expect(call).toMatchObject({ type: 'server_tool_use', name: 'web_search', input: { query: QUERY }, caller: { type: 'direct' } })
  expect(call?.id).toMatch(/^srvtoolu_[a-zA-Z0-9_]+$/)
  expect(result).toMatchObject({ type: 'web_search_tool_result', tool_use_id: call?.id, caller: { type: 'direct' } })
  expect(message).toMatchObject({ type: 'message', role: 'assistant', model: it.model, stop_reason: 'end_turn', stop_sequence: null })
  expect(message.id).toMatch(/^msg_/)
})

statement(9, 'calls in parallel: each has its result', async (it) => {
  it.say([{ search: 'inferred type predicates' }, { search: 'Mount Everest height' }], ['Both are known [1].'])
  const { message } = await it.messages({})
  const ids = calls(message).map(({ id }) => id)
  expect(new Set(ids).size).toBe(2)
  expect(
    searchResults(message)
      .map(({ tool_use_id }) => tool_use_id)
      .sort(),
  ).toEqual([...ids].sort())
  expect(it.asked()[1]?.results).toHaveLength(2)
  const byId = new Map(searchResults(message).map((result) => [result.tool_use_id, result]))
  const everest = calls(message).find(({ input }) => String(input.query).includes('Everest'))
  expect(JSON.stringify(byId.get(everest?.id as string)?.content)).toContain('Mount_Everest')
  for (const id of ids) {
    const at = (type: string): number =>
      message.content.findIndex((block) => block.type === type && (block.id === id || block.tool_use_id === id))
    expect(at('server_tool_use')).toBeLessThan(at('web_search_tool_result'))
  }
})

statement(9, 'words before, between and after searches', async (it) => {
  it.say(['Let me see. ', { search: 'sourdough bread' }], ['One more. ', { search: 'heat pumps' }], ['Here you are.'])
  const { message } = await it.messages({})
  expect(kinds(message)).toEqual([
    ...['text', 'server_tool_use', 'web_search_tool_result', 'text', 'server_tool_use', 'web_search_tool_result', 'text'],
  ])
  expect(textOf(message)).toContain('Let me see.')
  expect(textOf(message)).toContain('Here you are.')
  expect(it.asked()).toHaveLength(3)
})

statement(10, 'results are whole', async (it) => {
  it.say(...RULES)
  const { message } = await it.messages({})
  expect(hits(message).length).toBeGreaterThan(2)
  expect(hits(message).length).toBeLessThanOrEqual(10)
  for (const hit of hits(message)) {
    expect(Object.keys(hit).sort()).toEqual(['encrypted_content', 'page_age', 'title', 'type', 'url'])
    expect(hit.type).toBe('web_search_result')
    expect(URL.canParse(hit.url)).toBe(true)
    expect(hit.title.length).toBeGreaterThan(0)
    expect(hit.encrypted_content.length).toBeGreaterThan(100)
    expect(hit.encrypted_content).not.toContain('typescript')
    expect(hit.page_age === null || typeof hit.page_age === 'string').toBe(true)
  }
  expect(hits(message).some(({ page_age }) => typeof page_age === 'string' && /20\d\d/.test(page_age))).toBe(true)
})

statement(10, 'no hit is an empty list', async (it) => {
  it.say([{ search: 'xylqzzk vbnmqw' }], ['I found nothing.'])
  const { message } = await it.messages({})
  expect(searchResults(message)[0]?.content).toEqual([])
  expect(textOf(message)).toBe('I found nothing.')
  expect(message.usage.server_tool_use?.web_search_requests).toBe(1)
})

statement(11, 'what runs inside is not seen', async (it) => {
  it.say(...RULES)
  const { text, message, headers } = await it.messages({})
  expect(blocks(message, 'tool_use')).toEqual([])
  const inside = it.asked()[0]?.functions ?? []
  expect(inside).toHaveLength(1)
  for (const name of inside) if (name !== 'web_search') expect(text + JSON.stringify([...headers])).not.toContain(name)
  expect(text).not.toMatch(/search_results|up-model|call_0_0|functionCall|tool_calls/)
  expect(message.stop_reason).toBe('end_turn')
})

statement(12, 'citations are true', async (it) => {
  it.say(...RULES)
  const { message } = await it.messages({})
  const citations = citationsOf(message)
  expect(citations).toHaveLength(3)
  const known = new Map(hits(message).map(({ url, title }) => [url, title]))
  for (const citation of citations) {
    expect(Object.keys(citation).sort()).toEqual(['cited_text', 'encrypted_index', 'title', 'type', 'url'])
    expect(citation.type).toBe('web_search_result_location')
    expect(citation.title).toBe(known.get(citation.url) as string)
    expect(citation.encrypted_index.length).toBeGreaterThan(20)
    const quoted = citation.cited_text.replace(/\.\.\.$/, '')
    expect(quoted.length).toBeGreaterThan(0)
    expect(quoted.length).toBeLessThanOrEqual(150)
    expect(corpusText(citation.url)).toContain(quoted)
  }
  const cited = message.content.filter(({ citations }) => (citations?.length ?? 0) > 0)
  expect(cited.map(({ text }) => text.trim())).toEqual([
    'Run npm install -D typescript@5.5 in the root folder.',
    'Most web apps see few new errors.',
  ])
  expect(cited.map(({ citations }) => citations?.length)).toEqual([1, 2])
})

statement(12, 'the quote is the sentence that proves the claim', async (it) => {
  it.say([{ search: 'Mount Everest' }], (asked) => {
    const number = /\[(\d+)\] Mount Everest/.exec(asked.results.join('\n'))?.[1] ?? '1'
    return [`Its summit lies at 8,848.86 metres [${number}].`]
  })
  const { message } = await it.messages({})
  const [citation] = citationsOf(message)
  expect(citation?.url).toBe('https://en.wikipedia.org/wiki/Mount_Everest')
  expect(citation?.cited_text).toMatch(/8,?848/)
})

statement(12, 'numbers that no source has stay words, without a citation', async (it) => {
  it.say([{ search: QUERY }], ['The array list[0] grew in 2024 [99]. It is fine [1].'])
  const { message } = await it.messages({})
  expect(citationsOf(message)).toHaveLength(1)
  expect(textOf(message)).toContain('list[0] grew in 2024')
})

statement(13, 'no marker is left, and the words are all there', async (it) => {
  it.say(
    [{ search: QUERY }],
    [
      'First [1]. Second 【2】. Third [1, 2]. Fourth [Source 1]. Fifth ^[2]. Sixth [1-2]. ',
      'Last【1†L3-L8】. 中文在這裡 [1]。 Ende ［２］.',
    ],
  )
  const { message } = await it.messages({})
  expect(textOf(message).replace(/\s+/g, ' ').trim()).toBe('First. Second. Third. Fourth. Fifth. Sixth. Last. 中文在這裡。 Ende.')
  expect(textOf(message)).not.toMatch(/[[\]【】［］^†]/)
  expect(citationsOf(message).length).toBeGreaterThanOrEqual(9)
})

statement(
  13,
  'streamed and whole answers say the same',
  async (it) => {
    it.say(...RULES)
    const { message } = await it.messages({ stream: true })
    it.say(...RULES)
    const whole = (await it.messages({ stream: false })).message
    expect(comparable(message)).toEqual(comparable(whole))
  },
  { modes: ['stream'] },
)

statement(14, 'counters add up', async (it) => {
  it.say(
    { pieces: [{ search: fresh('sourdough') }], input: 100, output: 20 },
    { pieces: [{ search: fresh('heat pumps') }, { fetch: 'https://made-up.example.com/' }], input: 300, output: 30 },
    { pieces: ['Done.'], input: 700, output: 40 },
  )
  const { message } = await it.messages({ tools: [SEARCH, FETCH] })
  expect(message.usage).toMatchObject({
    input_tokens: 1100,
    output_tokens: 90,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
  })
})

statement(14, 'a failed search is not counted, a failed fetch is', async (it) => {
  it.say([{ search: 'test/unavailable' }, { fetch: 'https://made-up.example.com/' }], ['Neither worked.'])
  const { message } = await it.messages({ tools: [SEARCH, FETCH] })
  expect(codes(message).sort()).toEqual(['unavailable', 'url_not_in_prior_context'])
  expect(message.usage.server_tool_use).toEqual({ web_search_requests: 0, web_fetch_requests: 1 })
})

statement(14, 'both counters stand there when all failed', async (it) => {
  it.say([{ search: 'test/unavailable' }], ['It did not work.'])
  const { message } = await it.messages({})
  expect(message.usage.server_tool_use).toEqual({ web_search_requests: 0, web_fetch_requests: 0 })
})

statement(14, 'nothing was called: an ordinary answer', async (it) => {
  it.say({ pieces: ['No need to search: ', 'it is 4.'], input: 50, output: 9 })
  const { message } = await it.messages({})
  expect(message.content).toEqual([expect.objectContaining({ type: 'text', text: 'No need to search: it is 4.' })])
  expect(message.usage).toMatchObject({ input_tokens: 50, output_tokens: 9 })
  expect(message.usage.server_tool_use?.web_search_requests ?? 0).toBe(0)
})
