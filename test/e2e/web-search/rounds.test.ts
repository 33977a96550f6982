// Statements 18 to 20 of web search: client tools beside a search, forced choices, and how a turn ends that would not.

import { expect } from 'bun:test'
import {
  blocks,
  calls,
  codes,
  hits,
  kinds,
  QUERY,
  QUESTION,
  SEARCH,
  searchResults,
  textOf,
  WEATHER,
  webSuite,
} from '../../kit/web-search.ts'

const { statement } = webSuite()

statement(18, 'a client tool beside a search', async (it) => {
  const tools = [SEARCH, WEATHER]
  it.say(['Both. ', { search: QUERY }, { call: 'get_weather', input: { city: 'Paris' } }])
  const first = (await it.messages({ tools })).message
  expect(first.stop_reason).toBe('tool_use')
  expect(calls(first)).toHaveLength(1)
  expect(searchResults(first)[0]?.tool_use_id).toBe(calls(first)[0]?.id as string)
  expect(hits(first).length).toBeGreaterThan(0)
  const [use] = blocks(first, 'tool_use')
  expect(use).toMatchObject({ name: 'get_weather', input: { city: 'Paris' } })
  expect(blocks(first, 'tool_use')).toHaveLength(1)
  expect(it.asked()).toHaveLength(1)

  it.say(['It is 18 degrees, and 5.5 is out [1].'])
  const second = await it.messages({
    tools,
    messages: [
      QUESTION,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use?.id, content: '18 degrees' }] },
    ],
  })
  expect(second.message.stop_reason).toBe('end_turn')
  expect(textOf(second.message)).toBe('It is 18 degrees, and 5.5 is out.')
  expect(it.asked()[0]?.results).toHaveLength(2)
  expect(it.asked()[0]?.results.join('\n')).toContain('18 degrees')
  expect(it.asked()[0]?.results.join('\n')).toContain('npm install')
  expect(second.message.content.some(({ citations }) => (citations?.length ?? 0) > 0)).toBe(true)
})

statement(18, 'a client tool alone ends the turn at once', async (it) => {
  it.say([{ call: 'get_weather', input: { city: 'Rome' } }])
  const { message } = await it.messages({ tools: [SEARCH, WEATHER] })
  expect(kinds(message)).toEqual(['tool_use'])
  expect(message.stop_reason).toBe('tool_use')
  expect(it.asked()).toHaveLength(1)
  expect([...(it.asked()[0]?.functions ?? [])].sort()).toEqual(['get_weather', 'web_search'])
})

statement(18, 'search first, then a client tool', async (it) => {
  it.say([{ search: QUERY }], ['So: ', { call: 'get_weather', input: { city: 'Oslo' } }])
  const { message } = await it.messages({ tools: [WEATHER, SEARCH] })
  expect(kinds(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'text', 'tool_use'])
  expect(message.stop_reason).toBe('tool_use')
})

for (const choice of [{ type: 'tool', name: 'web_search' }, { type: 'any' }]) {
  statement(19, `${choice.type} forces the first round only`, async (it) => {
    it.say([{ search: QUERY }], ['Done [1].'])
    const { message } = await it.messages({ tool_choice: choice })
    expect(textOf(message)).toBe('Done.')
    expect(it.asked()).toHaveLength(2)
    const [first, second] = it.asked()
    expect([first?.functions[0] as string, 'required']).toContain(first?.choice as string)
    expect([undefined, 'auto']).toContain(second?.choice)
    expect(second?.functions).toHaveLength(1)
  })
}

statement(19, 'a forced search beside client tools forces that one', async (it) => {
  it.say([{ search: QUERY }], ['Done.'])
  await it.messages({ tools: [WEATHER, SEARCH], tool_choice: { type: 'tool', name: 'web_search' } })
  expect(it.asked()[0]?.choice).toBe('web_search')
  expect([undefined, 'auto']).toContain(it.asked()[1]?.choice)
})

statement(19, 'none declares no search at all', async (it) => {
  it.say(['From memory.'])
  const { message } = await it.messages({ tool_choice: { type: 'none' } })
  expect(it.asked()[0]?.functions.includes('web_search') && it.asked()[0]?.choice !== 'none').toBe(false)
  expect(textOf(message)).toBe('From memory.')
})

statement(19, 'forcing a tool that only a sandbox may call is refused', async (it) => {
  it.say(['never'])
  const { status, json } = await it.messages({
    tools: [{ type: 'web_search_20260209', name: 'web_search', allowed_callers: ['code_execution_20260120'] }],
    tool_choice: { type: 'tool', name: 'web_search' },
  })
  expect(status).toBe(400)
  expect(JSON.stringify(json)).toContain('tool_choice')
})

statement(20, 'at the cap the model answers without tools', async (it) => {
  let searches = 0
  it.say(({ functions }) => (functions.length > 0 ? [{ search: `sourdough ${searches++}` }] : ['Enough: bread [1].']))
  const { message } = await it.messages({})
  expect(message.stop_reason).toBe('end_turn')
  expect(textOf(message)).toBe('Enough: bread.')
  expect(calls(message).length).toBeGreaterThanOrEqual(5)
  expect(calls(message).length).toBeLessThanOrEqual(12)
  expect(searchResults(message)).toHaveLength(calls(message).length)
  expect(it.asked().at(-1)?.functions).toEqual([])
  expect(codes(message).every((code) => code === undefined)).toBe(true)
})

statement(20, 'a model that searches without tools pauses, and can be resumed', async (it) => {
  it.say([{ search: 'sourdough' }])
  const { message } = await it.messages({})
  expect(it.asked().length).toBeLessThanOrEqual(14)
  expect(['pause_turn', 'end_turn']).toContain(message.stop_reason as string)
  it.say(['Now I can: bread [1].'])
  const more = await it.messages({ messages: [QUESTION, { role: 'assistant', content: message.content }] })
  expect(more.status).toBe(200)
  expect(textOf(more.message)).toContain('Now I can: bread.')
})

statement(20, 'an answer cut by the output limit says so', async (it) => {
  it.say([{ search: QUERY }], { pieces: ['The first half of'], finish: 'length' })
  const { message } = await it.messages({})
  expect(message.stop_reason).toBe('max_tokens')
  expect(textOf(message)).toBe('The first half of')
  expect(kinds(message)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
})

statement(20, 'a call cut by the output limit runs nothing', async (it) => {
  it.say({ pieces: ['Let me look. ', { search: 'half a que' }], finish: 'length' })
  const { message } = await it.messages({})
  expect(message.stop_reason).toBe('max_tokens')
  expect(searchResults(message)).toEqual([])
  expect(calls(message)).toEqual([])
  expect(it.asked()).toHaveLength(1)
})

statement(20, 'the output limit is for the whole turn', async (it) => {
  it.say({ pieces: [{ search: QUERY }], output: 100 }, { pieces: [{ search: 'sourdough' }], output: 50 }, ['Done.'])
  await it.messages({ max_tokens: 1000 })
  expect(it.asked().map(({ maxTokens }) => maxTokens)).toEqual([1000, 900, 850])
})

statement(20, 'a second round that fails is a failure, not a tidy end', async (it) => {
  it.say([{ search: QUERY }], { pieces: [], status: 400 })
  const { status, json, events } = await it.messages({})
  expect(json.type).toBe('error')
  if (it.stream) {
    expect(status).toBe(200)
    expect(events.at(-1)?.event).toBe('error')
    expect(events.some(({ event }) => event === 'message_stop')).toBe(false)
  } else expect(status).toBeGreaterThanOrEqual(400)
})

statement(20, 'thoughts and their seals survive from round to round', async (it) => {
  const seal = 'c2lnbmF0dXJlIG9mIHRoZSBjYWxs'
  it.say([{ think: 'I should look it up.' }, { search: QUERY, signature: seal }], ['Done [1].'])
  const { message } = await it.messages({ thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4000 })
  expect(textOf(message)).toBe('Done.')
  const second = it.asked()[1]?.text ?? ''
  if (it.upstream === 'gemini') expect(second).toContain(seal)
  else if (it.upstream === 'responses') expect(second).toContain('sealed-I should look it up.')
  else expect(second).toContain('I should look it up.')
})

statement(20, 'a call that a small model prints instead of making', async (it) => {
  it.say([`<tool_call>\n{"name": "web_search", "arguments": {"query": "${QUERY}"}}\n</tool_call>`], ['Done [1].'])
  const { message, text } = await it.messages({})
  expect(calls(message)).toHaveLength(1)
  expect(textOf(message)).toBe('Done.')
  expect(text).not.toContain('<tool_call>')
})

statement(20, 'a call that is printed behind words', async (it) => {
  const call = `<tool_call>\n<function=web_search>\n<parameter=query>\n${QUERY}\n</parameter>\n</function>\n</tool_call>`
  it.say(['Let me look. ', ...(call.match(/[\s\S]{1,5}/g) ?? []), '\n'], ['Done [1].'])
  const { message, text } = await it.messages({})
  expect(kinds(message)).toEqual(['text', 'server_tool_use', 'web_search_tool_result', 'text'])
  expect(textOf(message)).toBe('Let me look. Done.')
  expect(calls(message)[0]?.input).toEqual({ query: QUERY })
  expect(text).not.toMatch(/tool_call|<function/)
  expect(it.asked()[1]?.text).toContain('Let me look.')
  expect(it.asked()[1]?.results).toHaveLength(1)
})

statement(20, 'a printed call of an unknown tool stays text', async (it) => {
  const text = 'See: <tool_call>{"name":"nope","arguments":{}}</tool_call> and {"name": "web_search"}.'
  it.say([text])
  expect(textOf((await it.messages({})).message)).toBe(text)
})
