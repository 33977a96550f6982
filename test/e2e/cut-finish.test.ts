// Clients that leave early. Where their group has answers finished, the upstream is read to its end, within bounds, and the
// whole answer is there for who asks later; elsewhere the upstream is stopped at once.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adminOf, done } from '../kit/admin.ts'
import { DOORS, type Door, knock, type Loose, wordsOf } from '../kit/doors.ts'
import { until } from '../kit/service.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type Script, type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'
import { chat, gemini, messages } from '../kit/wires.ts'

let upstream: ScriptedUpstream
let running: Running
const keys: Record<string, string> = {}

const configOf = (url: string): string => `
local_servers: false
sandbox: off
limits: { finish_seconds: 2, idle_timeout_seconds: 1, drain_seconds: 10 }
prices: [{ model: c, free: true }, { model: a, free: true }, { model: g, free: true }]
channels:
  - { name: chat, provider: openai-compatible, base_url: "${url}/v1", credential: k, models: [{ model: c, upstream_model: up-model }] }
  - { name: messages, provider: anthropic, base_url: "${url}", credential: k, models: [a] }
  - { name: gemini, provider: gemini, base_url: "${url}", credential: k, models: [g] }
`

async function keyOf(at: Running, policy: string): Promise<string> {
  const admin = adminOf(at)
  const { id: group } = await done(admin('POST', '/admin/groups', { name: `g-${policy}`, cut_streams: policy }))
  const { id: organisation } = await done(
    admin('POST', '/admin/organisations', { name: `o-${policy}`, billing: 'unmetered', group_id: group }),
  )
  const { id: project } = await done(admin('POST', '/admin/projects', { name: 'p', organisation_id: organisation }))
  return (await done(admin('POST', '/admin/keys', { name: 'k', project_id: project }))).key
}

beforeAll(async () => {
  upstream = startUpstream()
  running = await startSwitchyard({ config: configOf(upstream.url) })
  for (const policy of ['finish', 'produced', 'nothing']) keys[policy] = await keyOf(running, policy)
})
afterAll(async () => {
  await running.stop()
  upstream.stop()
})

const SAID = 'one two three'
const STREAMS = {
  c: (pause: number) => [
    chat.role,
    chat.text('one '),
    pause,
    chat.text('two '),
    chat.text('three'),
    chat.finish('stop'),
    chat.usage,
    chat.done,
  ],
  a: (pause: number) => [messages.start, messages.textStart, messages.text('one '), pause, messages.text('two three'), messages.stop()],
  g: (pause: number) => [gemini.text('one '), pause, gemini.text('two three'), gemini.finish()],
} satisfies Record<string, (pause: number) => Script['pieces']>
type Model = keyof typeof STREAMS

interface Left {
  readonly door: Door
  readonly model: string
  readonly policy: string
  readonly body?: object
}

const keyed = (policy: string, at = running) => ({ ...at, key: keys[policy] as string })

/** Reads until the first words have come, then leaves. */
async function leaveMidway({ door, model, policy, body = {} }: Left, at = running): Promise<string> {
  const leaving = new AbortController()
  const response = await knock(keyed(policy, at), { door, model, options: { stream: true, signal: leaving.signal, body } })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  for (let text = ''; !text.includes('one'); ) text += decoder.decode((await reader?.read())?.value, { stream: true })
  leaving.abort()
  return response.headers.get('x-request-id') ?? ''
}

/** What the log tells of an exchange, once it has ended. */
async function told(id: string, policy: string, at = running): Promise<Loose> {
  let detail: Loose = {}
  await until(async () => {
    const response = await fetch(`${at.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${keys[policy]}` } })
    detail = (await response.json()) as Loose
    return response.status === 200
  }, 'the exchange ends')
  return detail
}

const words = (door: Door, answer: Loose): string =>
  wordsOf(door, { status: 200, text: JSON.stringify(answer), json: answer, headers: new Headers(), warnings: [] })

describe('a group that has its answers finished', () => {
  for (const door of DOORS) {
    for (const model of Object.keys(STREAMS) as Model[]) {
      test(`a stream that was left is kept whole: ${model} to ${door}`, async () => {
        upstream.answer({ pieces: STREAMS[model](150) })
        const before = upstream.aborted()
        const detail = await told(await leaveMidway({ door, model, policy: 'finish' }), 'finish')
        expect(detail).toMatchObject({ outcome: 'ok', error: null, usage: { input_tokens: 10, output_tokens: 5 } })
        expect(words(door, detail.answer)).toBe(SAID)
        expect(upstream.aborted()).toBe(before)
        expect(JSON.stringify(detail.answer)).not.toContain('up-model')
      })
    }
  }

  test.each(DOORS)('a stream whose client left before it began is read to its end and kept: %s', async (door) => {
    for (const stream of [[150, ...STREAMS.c(50)], STREAMS.c(50)]) {
      upstream.answer({ pieces: stream })
      const id = await leaveUnheard('finish', { door, stream: true })
      const detail = await told(id, 'finish')
      expect(detail).toMatchObject({ outcome: 'ok', usage: { output_tokens: 5 } })
      expect(words(door, detail.answer)).toBe(SAID)
    }
  })

  test('a Gemini stream that is one array is kept too', async () => {
    upstream.answer({ pieces: STREAMS.c(150) })
    const leaving = new AbortController()
    const response = await fetch(`${running.url}/v1beta/models/c:streamGenerateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': keys.finish as string, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }),
      signal: leaving.signal,
    })
    await response.body?.getReader().read()
    leaving.abort()
    const { answer } = await told(response.headers.get('x-request-id') ?? '', 'finish')
    expect(words('gemini', answer)).toBe(SAID)
  })

  test('a call of a tool is kept with its arguments', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }
    upstream.answer({
      pieces: [
        chat.role,
        chat.text('one'),
        100,
        chat.call(0, call),
        chat.call(0, { function: { arguments: '{"at":' } }),
        chat.call(0, { function: { arguments: '"noon"}' } }),
        chat.finish('tool_calls'),
        chat.done,
      ],
    })
    const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
    const { answer } = await told(await leaveMidway({ door: 'chat', model: 'c', policy: 'finish', body: { tools } }), 'finish')
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'one', tool_calls: [{ id: 'call_1', function: { name: 'look', arguments: '{"at":"noon"}' } }] },
    })
  })

  test('a whole answer that nobody waited for is kept in its own bytes', async () => {
    const body = JSON.stringify(chat.body('kept')).replace('"created":1,', '"created":12345678901234567890,')
    upstream.answer({ pieces: [200, body], headers: { 'content-type': 'application/json' } })
    const id = await leaveUnheard('finish', { door: 'chat', stream: false })
    const detail = await told(id, 'finish')
    expect(detail).toMatchObject({ outcome: 'ok', answer: { choices: [{ message: { content: 'kept' } }] } })
    const text = await (await fetch(`${running.url}/v1/requests/${id}`, { headers: { 'x-api-key': keys.finish as string } })).text()
    expect(text).toContain('"created":12345678901234567890')
    const admin = await done(adminOf(running)('GET', `/admin/requests/${id}`))
    expect(admin.outcome).toBe('ok')
    expect(JSON.stringify(admin)).not.toContain('kept')
  })

  test('who stays has the answer already, and what is too large is not kept', async () => {
    upstream.answer({ pieces: STREAMS.c(0) })
    const stayed = await knock(keyed('finish'), { door: 'chat', model: 'c', options: { stream: true } })
    await stayed.text()
    expect(await told(stayed.headers.get('x-request-id') ?? '', 'finish')).toMatchObject({ outcome: 'ok', answer: null })
    upstream.answer({ pieces: [200, JSON.stringify(chat.body('x'.repeat(1_100_000)))], headers: { 'content-type': 'application/json' } })
    expect(await told(await leaveUnheard('finish', { door: 'chat', stream: false }), 'finish')).toMatchObject({
      outcome: 'ok',
      answer: null,
    })
  })

  test('a stream that breaks when its client has gone is told as what it is, and not kept', async () => {
    upstream.answer({ pieces: [chat.role, chat.text('one'), 100, 'cut'] })
    const id = await leaveMidway({ door: 'chat', model: 'c', policy: 'finish' })
    expect(await told(id, 'finish')).toMatchObject({ outcome: 'error', error: 'upstream_cut', answer: null })
  })

  test('an upstream that falls silent, or that never ends, is left in the end', async () => {
    upstream.answer({ pieces: [chat.role, chat.text('one'), 'hang'] })
    const silent = await leaveMidway({ door: 'chat', model: 'c', policy: 'finish' })
    expect(await told(silent, 'finish')).toMatchObject({ outcome: 'error', error: 'upstream_timeout', answer: null })
    upstream.answer({ pieces: [chat.role, ...Array.from({ length: 100 }, () => [chat.text('one '), 100]).flat()] })
    const before = upstream.aborted()
    const startMs = performance.now()
    const endless = await leaveMidway({ door: 'chat', model: 'c', policy: 'finish' })
    expect(await told(endless, 'finish')).toMatchObject({ outcome: 'cancelled', error: 'client_closed', answer: null })
    expect(performance.now() - startMs).toBeGreaterThan(1_900)
    expect(performance.now() - startMs).toBeLessThan(6_000)
    expect(upstream.aborted()).toBe(before + 1)
  }, 20_000)

  test('the program waits for it when it is asked to end', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-finish-'))
    try {
      const first = await startSwitchyard({ config: configOf(upstream.url), dataDirectory: directory })
      keys.lasting = await keyOf(first, 'finish')
      upstream.answer({ pieces: STREAMS.c(600) })
      const id = await leaveMidway({ door: 'chat', model: 'c', policy: 'lasting' }, first)
      expect(await first.stop()).toBe(0)
      const second = await startSwitchyard({ config: configOf(upstream.url), dataDirectory: directory })
      const detail = await told(id, 'lasting', second)
      await second.stop()
      expect(words('chat', detail.answer)).toBe(SAID)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }, 20_000)
})

/** Leaves as soon as the upstream was asked; returns the id of the exchange, which nobody was told. */
async function leaveUnheard(policy: string, { door, stream }: { readonly door: Door; readonly stream: boolean }): Promise<string> {
  const leaving = new AbortController()
  const sent = upstream.received.length
  const startedMs = Date.now()
  const asked = knock(keyed(policy), { door, model: 'c', options: { stream, signal: leaving.signal } })
  asked.catch(() => {})
  await until(() => upstream.received.length > sent, 'it is sent')
  leaving.abort()
  let id = ''
  await until(async () => {
    const { data } = await done(adminOf(running)('GET', `/admin/requests?limit=1&from=${new Date(startedMs).toISOString()}`))
    id = data[0]?.id ?? ''
    return id !== ''
  }, 'it is logged')
  return id
}

describe.each(['produced', 'nothing'])('a group that pays %s', (policy) => {
  test.each([true, false])('the upstream is stopped at once, streamed: %p', async (stream) => {
    let quickest = Number.POSITIVE_INFINITY
    for (let turn = 0; turn < 3; turn++) {
      upstream.answer({ pieces: stream ? [chat.role, chat.text('one'), 'hang'] : ['hang'] })
      const [before, sent] = [upstream.aborted(), upstream.received.length]
      const leaving = new AbortController()
      const asked = knock(keyed(policy), { door: 'messages', model: 'c', options: { stream, signal: leaving.signal } })
      asked.catch(() => {})
      if (stream) await (await asked).body?.getReader().read()
      await until(() => upstream.received.length > sent, 'it is sent')
      const startMs = performance.now()
      leaving.abort()
      while (upstream.aborted() === before && performance.now() - startMs < 5_000) await Bun.sleep(1)
      quickest = Math.min(quickest, performance.now() - startMs)
    }
    expect(quickest).toBeLessThan(100)
  })
})
