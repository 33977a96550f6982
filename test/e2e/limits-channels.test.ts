// What limits of channels do to single requests: the next channel takes over without a cooldown, the client is told when to
// come back, and what failed or was never sent gives its place back.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { adminOf, done } from '../kit/admin.ts'
import { DOORS, doorOf, type Reply } from '../kit/doors.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat, messages } from '../kit/wires.ts'

let upstream: ScriptedUpstream
let other: ScriptedUpstream
let running: Running
let ask: ReturnType<typeof doorOf>

const MODELS = ['twice', 'tokens', 'fails', 'refuses', 'fan', 'narrow', 'minute', 'mixed', 'plain']

beforeAll(async () => {
  upstream = startUpstream()
  other = startUpstream()
  const channel = (name: string, model: string, rest: string): string =>
    `  - { name: ${name}, provider: openai-compatible, credential: k, models: [${model}], base_url: "${upstream.url}/v1", ${rest} }`
  running = await startSwitchyard({
    config: [
      'local_servers: false',
      'sandbox: off',
      `prices: [${[...MODELS, 'nick'].map((model) => `{ model: ${model}, free: true }`).join(', ')}]`,
      'model_limits: [{ model: minute, requests_per_minute: 2 }]',
      'channels:',
      channel('twice-1', 'twice', 'limits: { requests_per_minute: 2 }, priority: 0'),
      channel('twice-2', 'twice', 'limits: { requests_per_minute: 1 }, priority: 1').replace(upstream.url, other.url),
      channel('tokens', 'tokens', 'limits: { tokens_per_minute: 400 }'),
      channel('fails', 'fails', 'limits: { concurrency: 1 }'),
      channel('refuses', 'refuses', 'limits: { requests_per_minute: 1 }'),
      `  - { name: fan, provider: anthropic, credential: k, models: [fan], base_url: "${upstream.url}", limits: { concurrency: 3 } }`,
      `  - { name: narrow, provider: anthropic, credential: k, models: [narrow], base_url: "${upstream.url}", limits: { concurrency: 2 } }`,
      channel('minute', 'minute', 'weight: 1'),
      channel('mixed-1', 'mixed', 'limits: { requests_per_minute: 1 }, priority: 0'),
      channel('mixed-2', 'mixed', 'priority: 1').replace(upstream.url, other.url),
      channel('plain', 'plain', 'limits: {}'),
    ].join('\n'),
  })
  ask = doorOf(running)
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
  other.stop()
})

const detail = async (reply: Reply) =>
  (await fetch(`${running.url}/v1/requests/${reply.headers.get('x-request-id')}`, { headers: { 'x-api-key': running.key } })).json()

test('a channel whose minute is used up is passed over, and does not cool down', async () => {
  upstream.answer({ body: chat.body('first') })
  other.answer({ body: chat.body('second') })
  const replies: Reply[] = []
  for (let turn = 0; turn < 4; turn++) replies.push(await ask('chat', 'twice'))
  expect(replies.map(({ status, headers }) => [status, headers.get('x-switchyard-channel')])).toEqual([
    [200, 'twice-1'],
    [200, 'twice-1'],
    [200, 'twice-2'],
    [429, null],
  ])
  const last = replies[3] as Reply
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(50)
  expect(Number(last.headers.get('retry-after'))).toBeLessThanOrEqual(61)
  expect(last.json.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' })
  for (const secret of ['twice-1', 'twice-2', '2 requests']) expect(last.text).not.toContain(secret)
  expect(await detail(replies[2] as Reply)).toMatchObject({
    attempts: [{ channel: 'twice-2', error: null }],
    passed_over: [{ channel: 'twice-1', limit: 'requests' }],
  })
  expect(await detail(last)).toMatchObject({ outcome: 'error', error: 'rate_limited', attempts: [], cost: '0' })
  const explained = await done(
    adminOf(running)('POST', '/admin/explain', {
      path: '/v1/chat/completions',
      key_id: await firstKey(),
      body: { model: 'twice', messages: [{ role: 'user', content: 'hi' }] },
    }),
  )
  expect(explained.plan.map((each: { cooling_down: boolean }) => each.cooling_down)).toEqual([false, false])
  expect(await (await fetch(`${running.url}/metrics`)).text()).toContain(
    'switchyard_channels_full_total{channel="twice-1",limit="requests"} 2',
  )
})

const firstKey = async (): Promise<string> => (await done(adminOf(running)('GET', '/admin/keys'))).data[0].id

describe('tokens', () => {
  test.each(DOORS)('a prompt beyond the limit of every channel is not told to come back: %s', async (door) => {
    const long = 'many words in a row '.repeat(200)
    const body = {
      chat: { messages: [{ role: 'user', content: long }] },
      responses: { input: long },
      messages: { messages: [{ role: 'user', content: long }] },
      gemini: { contents: [{ role: 'user', parts: [{ text: long }] }] },
    }[door]
    const sent = upstream.received.length
    const reply = await ask(door, 'tokens', { body })
    expect(reply.status).toBe(429)
    expect(reply.headers.get('x-should-retry')).toBe('false')
    expect(reply.headers.get('retry-after')).toBeNull()
    expect(upstream.received).toHaveLength(sent)
  })

  test('what was reserved for the output comes back with the report', async () => {
    upstream.answer({ body: chat.body('short') })
    for (let turn = 0; turn < 5; turn++) {
      expect((await ask('chat', 'tokens', { body: { max_tokens: 300 } })).status).toBe(200)
    }
  })
})

test('a try that fails gives its place back, also to its own second try', async () => {
  upstream.answer({ status: 500, body: 'boom' })
  expect((await ask('chat', 'fails')).status).toBe(502)
  upstream.answer([{ status: 500, body: 'boom' }, { body: chat.body('again') }])
  expect((await ask('chat', 'fails')).text).toContain('again')
  upstream.answer({ pieces: [chat.role, chat.text('cut')] })
  expect((await ask('chat', 'fails', { stream: true })).text).toContain('error')
  upstream.answer({ body: chat.body('free') })
  expect((await ask('chat', 'fails')).text).toContain('free')
})

test('what is refused before it is sent takes nothing of the channel', async () => {
  upstream.answer({ body: chat.body('sent') })
  const body = { tools: [{ googleSearch: {} }], contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
  const refused = await ask('gemini', 'refuses', { body })
  expect(refused.status).toBe(400)
  expect((await ask('chat', 'refuses')).status).toBe(200)
  expect((await ask('chat', 'refuses')).status).toBe(429)
})

test('choices that are so many calls take so many places', async () => {
  upstream.answer({ body: messages.body('one of three') })
  const three = await ask('chat', 'fan', { body: { n: 3 } })
  expect(three.status).toBe(200)
  expect(three.json.choices).toHaveLength(3)
  expect((await ask('chat', 'fan', { body: { n: 3 } })).status).toBe(200)
  const sent = upstream.received.length
  const narrow = await ask('chat', 'narrow', { body: { n: 3 } })
  expect(narrow.status).toBe(429)
  expect(narrow.headers.get('x-should-retry')).toBe('false')
  expect(upstream.received).toHaveLength(sent)
  expect((await ask('chat', 'narrow', { body: { n: 2 } })).status).toBe(200)
})

test('a failure weighs more than a full channel: the client hears of the failure', async () => {
  upstream.answer({ body: chat.body('first') })
  expect((await ask('chat', 'mixed')).status).toBe(200)
  other.answer({ status: 400, body: { error: { message: 'wrong words' } } })
  const reply = await ask('chat', 'mixed')
  expect(reply.status).toBe(400)
  expect(reply.text).toContain('wrong words')
})

test('a limit on a model is shown as its vendor shows it, and an alias is no way around', async () => {
  const admin = adminOf(running)
  await done(admin('POST', '/admin/aliases', { model: 'nick', target: 'minute' }))
  upstream.answer({ body: chat.body('ok') })
  const first = await ask('chat', 'minute')
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
  expect((await ask('messages', 'nick')).status).toBe(200)
  const third = await ask('messages', 'minute')
  expect(third.status).toBe(429)
  expect(third.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0')
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(50)
  await done(admin('POST', '/admin/model-limits', { model: 'plain', requests_per_minute: 1 }))
  expect([(await ask('chat', 'plain')).status, (await ask('chat', 'plain')).status]).toEqual([200, 429])
})
