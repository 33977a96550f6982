// What an operator edits takes effect at once and on every node, is refused when it does not compile, and is explained.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminCall, adminOf, done } from '../kit/admin.ts'
import { MASTER_KEY, NODE_ENGINES, type Nodes, startNodes } from '../kit/admin-nodes.ts'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'
import { type ScriptedUpstream, startUpstream } from '../kit/upstream.ts'

const SECRET = { SWITCHYARD_SECRET: MASTER_KEY }
let upstream: ScriptedUpstream
beforeAll(() => {
  upstream = startUpstream()
  upstream.answer({ body: answer })
})
afterAll(() => upstream.stop())

const answer = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message: { role: 'assistant', content: 'from upstream' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
}

const ask = async (at: Running, model: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${at.key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })
  return { status: response.status, text: await response.text() }
}
const eventually = async (check: () => Promise<boolean>): Promise<void> => {
  const until = performance.now() + 2_000
  while (!(await check())) {
    if (performance.now() > until) throw new Error('waited in vain')
    await Bun.sleep(20)
  }
}
const channel = (more: object = {}) => ({
  name: 'main',
  provider: 'openai-compatible',
  base_url: upstream.url,
  credential: 'sk-upstream-secret-0123456789',
  models: ['alpha', { model: 'beta', upstream_model: 'up-beta' }],
  ...more,
})

for (const { engine, present } of NODE_ENGINES)
  describe.skipIf(!present)(`on ${engine}`, () => {
    let nodes: Nodes
    let running: Running
    let other: Running
    let admin: AdminCall
    beforeAll(async () => {
      nodes = await startNodes(engine)
      running = nodes.one
      other = nodes.two
      admin = adminOf(running)
    }, 30_000)
    afterAll(() => nodes?.stop())

    test('a channel serves as soon as it is made, on every node, until it goes', async () => {
      expect((await ask(running, 'alpha')).status).toBe(404)
      const made = await admin('POST', '/admin/channels', channel())
      expect(made.status).toBe(201)
      expect(made.text).not.toContain('sk-upstream')
      await done(admin('POST', '/admin/prices', { entry: { model: 'alpha', input_per_million: 1, output_per_million: 2 } }))
      await done(admin('POST', '/admin/prices', { entry: { model: 'beta', free: true } }))
      expect((await ask(running, 'alpha')).text).toContain('from upstream')
      expect(upstream.received.at(-1)?.headers.get('authorization')).toBe('Bearer sk-upstream-secret-0123456789')
      await eventually(async () => (await ask(other, 'alpha')).status === 200)
      expect((await ask(running, 'beta')).status).toBe(200)
      expect(upstream.received.at(-1)?.json.model).toBe('up-beta')

      const off = await done(admin('PATCH', `/admin/channels/${made.body.id}`, { enabled: false }))
      expect((await ask(running, 'alpha')).status).toBe(404)
      await eventually(async () => (await ask(other, 'alpha')).status === 404)
      await done(admin('PATCH', `/admin/channels/${made.body.id}`, { enabled: true, version: off.version }))
      expect((await ask(running, 'alpha')).status).toBe(200)
      expect((await admin('GET', '/admin/channels-in-force')).body.data.map(({ name }: { name: string }) => name)).toEqual([
        'main',
        'sandbox',
      ])
    })

    test('the credential is sealed, and stays with its address', async () => {
      expect(await nodes.stores('sk-upstream-secret')).toBe(false)
      const [row] = (await done(admin('GET', '/admin/channels?name=main'))).data
      const moved = await admin('PATCH', `/admin/channels/${row.id}`, { base_url: 'https://elsewhere.example/v1' })
      expect(moved.body.error.field).toBe('credential')
      expect((await admin('PATCH', `/admin/channels/${row.id}`, { headers: { Authorization: 'Bearer x' } })).status).toBe(400)
    })

    test('what does not compile is refused and changes nothing', async () => {
      const before = (await done(admin('GET', '/admin/models'))).revision
      for (const [body, field] of [
        [channel({ name: 'x', provider: 'nonesuch' }), 'provider'],
        [channel({ name: 'x', settings: { colour: 'blue' } }), 'settings.colour'],
        [channel({ name: 'x', formats: ['no-format'] }), 'body'],
        [channel({ name: 'sandbox' }), null],
        [channel({ name: 'x', base_url: 'ftp://x' }), 'base_url'],
        [channel({ name: 'x', weight: 0 }), 'weight'],
      ] as const) {
        const refused = await admin('POST', '/admin/channels', body)
        expect(refused.status).toBe(field === null ? 409 : 400)
        expect(refused.body.error.field).toBe(field)
      }
      expect((await admin('POST', '/admin/prices', { entry: { model: 'm', input_per_million: -1 } })).status).toBe(400)
      expect((await admin('POST', '/admin/prices', { entry: { model: 'm' } })).status).toBe(400)
      expect((await done(admin('GET', '/admin/models'))).revision).toBe(before)
    })

    test('parallel edits of different things all take effect', async () => {
      const made = await Promise.all(
        Array.from({ length: 5 }, (_, at) => admin('POST', '/admin/aliases', { model: `alias-${at}`, target: 'beta' })),
      )
      expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
      for (let at = 0; at < 5; at++) expect((await ask(running, `alias-${at}`)).status).toBe(200)
      expect(upstream.received.at(-1)?.json.model).toBe('up-beta')
      expect((await admin('POST', '/admin/aliases', { model: 'alias-0', target: 'alpha' })).status).toBe(409)
    })

    test('a limit on a model counts for everybody', async () => {
      const limit = await done(admin('POST', '/admin/model-limits', { model: 'test/json', requests_per_minute: 2 }))
      const statuses: number[] = []
      for (let at = 0; at < 3; at++) statuses.push((await ask(running, 'test/json')).status)
      expect(statuses).toEqual([200, 200, 429])
      expect((await ask(running, 'test/echo')).status).toBe(200)
      await done(admin('DELETE', `/admin/model-limits/${limit.id}`))
      expect((await ask(running, 'test/json')).status).toBe(200)
    })

    test('a channel that is full is passed over, and refused when nobody else serves', async () => {
      const first = await done(
        admin('POST', '/admin/channels', channel({ name: 'first', models: ['gamma'], priority: -1, concurrency: 1 })),
      )
      const second = await done(admin('POST', '/admin/channels', channel({ name: 'second', models: ['gamma'], requests_per_minute: 1 })))
      await done(admin('POST', '/admin/prices', { entry: { model: 'gamma', free: true } }))
      upstream.answer({ pieces: [300, JSON.stringify(answer)], headers: { 'content-type': 'application/json' } })
      const served = await Promise.all([1, 2, 3].map(() => ask(running, 'gamma')))
      upstream.answer({ body: answer })
      expect(served.map(({ status }) => status).sort()).toEqual([200, 200, 429])
      expect((await ask(running, 'gamma')).status).toBe(200)
      for (const { id } of [first, second]) await done(admin('DELETE', `/admin/channels/${id}`))
    })

    test('explain names plan, price, limits and the reason of a refusal, and sends nothing', async () => {
      const sent = upstream.received.length
      const key = await done(admin('POST', '/admin/keys', { name: 'e', models: ['alpha'], requests_per_minute: 7 }))
      await done(admin('POST', '/admin/budgets', { scope: 'key', scope_id: key.id, period: 'month', amount: '12.5' }))
      const explain = (body: object, path = '/v1/chat/completions') => done(admin('POST', '/admin/explain', { path, key_id: key.id, body }))
      const messages = [{ role: 'user', content: 'hi' }]
      const good = await explain({ model: 'alpha', max_tokens: 100, messages })
      expect(good).toMatchObject({
        admitted: true,
        refusal: null,
        model: 'alpha',
        format: 'openai-chat',
        plan: [{ channel: 'main', upstream_model: 'alpha', mode: 'passthrough', allowed: true }],
        caller: { limits: [{ scope: 'key', requests_per_minute: 7 }], budgets: [{ scope: 'key', period: 'month', amount: '12.5' }] },
      })
      expect(Number(good.price.ceiling)).toBeGreaterThan(0.0002)
      expect(await explain({ model: 'alpha', max_tokens: 9, messages }, '/v1/messages')).toMatchObject({ format: 'anthropic-messages' })
      expect((await explain({ model: 'beta', messages })).refusal.code).toBe('model_not_found')
      expect((await explain({ model: 7 })).refusal.code).toBe('invalid_request')
      expect((await explain({}, '/v1/nothing')).refusal.code).toBe('not_found')
      expect((await explain({}, '/v1beta/models/alpha:generateContent')).model).toBe('alpha')
      await done(admin('DELETE', `/admin/keys/${key.id}`))
      expect((await explain({ model: 'alpha', messages })).refusal.code).toBe('unauthenticated')
      expect(upstream.received.length).toBe(sent)
    })

    test('settings go out and in again, without secrets or with sealed ones', async () => {
      const plain = await admin('GET', '/admin/export')
      expect(plain.text).not.toContain('sk-upstream')
      expect(plain.body.channels[0].credential_sealed).toBeUndefined()
      const sealed = await done(admin('GET', '/admin/export?secrets=sealed'))
      const elsewhere = await startSwitchyard({ environment: SECRET })
      const stranger = await startSwitchyard()
      try {
        const there = adminOf(elsewhere)
        const dry = await done(there('POST', '/admin/import?dry_run=true', sealed))
        expect(dry.applied).toBe(false)
        expect((await done(there('GET', '/admin/channels'))).data).toEqual([])
        const first = await done(there('POST', '/admin/import', sealed))
        expect(first.changes).toEqual(dry.changes)
        expect(first.changes.length).toBeGreaterThanOrEqual(8)
        expect((await ask(elsewhere, 'alias-3')).text).toContain('from upstream')
        expect(upstream.received.at(-1)?.headers.get('authorization')).toBe('Bearer sk-upstream-secret-0123456789')
        const yaml = (await admin('GET', '/admin/export?format=yaml')).text
        const again = await done(there('POST', '/admin/import', yaml, { 'content-type': 'application/yaml' }))
        expect(
          again.changes.filter(({ section, what }: { section: string; what: string }) => section !== 'prices' && what === 'create'),
        ).toEqual([])
        expect((await ask(elsewhere, 'alias-3')).status).toBe(200)
        const foreign = await adminOf(stranger)('POST', '/admin/import', sealed)
        expect(foreign.body.error.field).toBe('channels.0.credential_sealed')
        const broken = await there('POST', '/admin/import', {
          aliases: [{ model: 'new-one', target: 'x' }],
          channels: [channel({ name: 'y', provider: 'zzz' })],
        })
        expect(broken.body.error.field).toBe('channels.0.provider')
        expect((await done(there('GET', '/admin/aliases?model=new-one'))).data).toEqual([])
        for (const bad of [{ channels: {} }, { channels: [7] }, { surprise: [] }, { channels: [{ name: 'q' }] }])
          expect((await there('POST', '/admin/import', bad)).status).toBe(400)
      } finally {
        await elsewhere.stop()
        await stranger.stop()
      }
    })
  })

test('a new master key takes over, and the old one can go', async () => {
  const home = mkdtempSync(join(tmpdir(), 'switchyard-'))
  const ring = (name: string, fill: number): string => `${name}:${Buffer.alloc(32, fill).toString('base64')}`
  try {
    const first = await startSwitchyard({ dataDirectory: home, environment: { SWITCHYARD_SECRET: ring('a', 1) } })
    await done(adminOf(first)('POST', '/admin/channels', channel()))
    await done(adminOf(first)('POST', '/admin/prices', { entry: { model: 'alpha', free: true } }))
    await first.stop()
    const both = await startSwitchyard({ dataDirectory: home, environment: { SWITCHYARD_SECRET: `${ring('b', 2)},${ring('a', 1)}` } })
    expect(await done(adminOf(both)('POST', '/admin/reseal', {}))).toEqual({ resealed: 1 })
    expect(await done(adminOf(both)('POST', '/admin/reseal', {}))).toEqual({ resealed: 0 })
    await both.stop()
    const last = await startSwitchyard({ dataDirectory: home, environment: { SWITCHYARD_SECRET: ring('b', 2) } })
    expect((await ask(last, 'alpha')).status).toBe(200)
    await last.stop()
    const without = await startSwitchyard({ dataDirectory: home, environment: { SWITCHYARD_SECRET: ring('c', 3) } })
    expect((await ask(without, 'alpha')).status).toBe(404)
    expect((await ask(without, 'gpt-4o-mini')).status).toBe(200)
    await waitFor(() => (without.output().includes('a channel is left out') ? true : undefined))
    await without.stop()
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}, 20_000)

test('a name that the file and the database both have refuses the start', async () => {
  const home = mkdtempSync(join(tmpdir(), 'switchyard-'))
  try {
    const first = await startSwitchyard({ dataDirectory: home })
    await done(adminOf(first)('POST', '/admin/channels', channel({ name: 'both' })))
    await first.stop()
    const config = `local_servers: false\nchannels: [{ name: both, provider: openai, credential: sk-x }]\n`
    const failed = await startSwitchyard({ dataDirectory: home, config }).then(
      () => 'started',
      (thrown: Error) => thrown.message,
    )
    expect(failed).toContain('channel both: the name is used twice')
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}, 20_000)
