// Conversations stay on one of several equal channels, where their prompt is cached; everything else is spread.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Door, doorOf } from '../kit/doors.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat } from '../kit/wires.ts'

let upstream: ScriptedUpstream
let running: Running

const configOf = (more: string): string => `
local_servers: false
sandbox: off
log: { level: error }
prices: [{ model: m, free: true }]
${more}
channels:
  - { name: one, provider: openai-compatible, base_url: "${upstream.url}/one/v1", credential: k, models: [m] }
  - { name: two, provider: openai-compatible, base_url: "${upstream.url}/two/v1", credential: k, models: [m] }
  - { name: spare, provider: openai-compatible, base_url: "${upstream.url}/spare/v1", credential: k, models: [m], priority: 1 }
`

beforeAll(async () => {
  upstream = startUpstream()
  upstream.answer({ body: chat.body('ok') })
  running = await startSwitchyard({ config: configOf('') })
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
})

const LONG = 'You are of great help. '.repeat(250)
const turnsOf = (topic: string, turns: number): object[] =>
  Array.from({ length: turns }, (_, at) => [
    { role: 'user', content: `${topic} ${at}` },
    { role: 'assistant', content: 'ok' },
  ])
    .flat()
    .slice(0, -1)

async function channelOf(door: Door, body: object, at = running): Promise<string> {
  const { status, headers } = await doorOf(at)(door, 'm', { body })
  expect(status).toBe(200)
  return headers.get('x-switchyard-channel') ?? ''
}

const bodyOf = (door: Door, topic: string, turns: number): object => {
  const messages = turnsOf(topic, turns)
  if (door === 'messages') return { system: LONG, messages }
  if (door === 'responses') return { instructions: LONG, input: messages }
  return { messages: [{ role: 'system', content: LONG }, ...messages] }
}

test.each(['chat', 'messages', 'responses'] as const)(
  'all turns of a conversation meet one channel, and conversations both: %s',
  async (door) => {
    const met = new Set<string>()
    for (let topic = 0; topic < 16; topic++) {
      const channels = new Set<string>()
      for (const turns of [1, 2, 3, 6]) channels.add(await channelOf(door, bodyOf(door, `topic ${topic}`, turns)))
      expect(channels.size).toBe(1)
      for (const channel of channels) met.add(channel)
    }
    expect([...met].sort()).toEqual(['one', 'two'])
  },
)

test('a named conversation stays though its words are few, and short prompts without a name are spread', async () => {
  const named = new Set<string>()
  for (let turn = 0; turn < 12; turn++) named.add(await channelOf('chat', { prompt_cache_key: 'k', messages: turnsOf(`${turn}`, 1) }))
  expect(named.size).toBe(1)
  const spread = new Set<string>()
  for (let turn = 0; turn < 40; turn++) spread.add(await channelOf('chat', {}))
  expect([...spread].sort()).toEqual(['one', 'two'])
})

test('a conversation whose channel fails goes on at the next, equal ones first', async () => {
  const body = bodyOf('chat', 'failing', 2)
  const home = await channelOf('chat', body)
  upstream.answer(({ path }) =>
    path.startsWith(`/${home}/`) ? { status: 429, body: {}, headers: { 'retry-after': '1' } } : { body: chat.body('ok') },
  )
  const other = home === 'one' ? 'two' : 'one'
  for (let turn = 0; turn < 5; turn++) expect(await channelOf('chat', body)).toBe(other)
  upstream.answer({ body: chat.body('ok') })
  await Bun.sleep(1_100)
  expect(await channelOf('chat', body)).toBe(home)
})

test('it can be switched off', async () => {
  const chancy = await startSwitchyard({ config: configOf('routing: { sticky: off }') })
  try {
    const met = new Set<string>()
    for (let turn = 0; turn < 40; turn++) met.add(await channelOf('chat', bodyOf('chat', 'one topic', 1), chancy))
    expect([...met].sort()).toEqual(['one', 'two'])
  } finally {
    await chancy.stop()
  }
})
