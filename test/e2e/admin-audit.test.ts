// Nothing is changed without a trace: every address that writes is called once, and each call leaves an entry that names
// who, what and what it was before. An address that is missing here fails the test.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ROUTES } from '../../src/admin/index.ts'
import { type AdminAnswer, type AdminCall, adminOf, done } from '../kit/admin.ts'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'

let running: Running
let admin: AdminCall
beforeAll(async () => {
  running = await startSwitchyard()
  admin = adminOf(running)
})
afterAll(() => running.stop())

/** Which write addresses leave nothing because they change nothing. */
const CHANGES_NOTHING = new Set(['POST /admin/explain'])

interface Example {
  /** The last call is the one that is meant; it returns its answer. */
  run(): Promise<AdminAnswer>
  readonly action: string
}

let count = 0
const fresh = (): string => `thing-${++count}`
const made = (path: string, body: object): Promise<{ id: string; memberships: { id: string }[] }> => done(admin('POST', path, body))

/** Makes one, changes it, removes it. */
function examples(
  path: string,
  one: string,
  { create, change }: { create: () => object | Promise<object>; change?: object },
): [string, Example][] {
  const base = `/admin/${path}`
  return [
    [`POST ${base}`, { action: `${one}.create`, run: async () => admin('POST', base, await create()) }],
    ...(change === undefined
      ? []
      : ([
          [
            `PATCH ${base}/{id}`,
            { action: `${one}.update`, run: async () => admin('PATCH', `${base}/${(await made(base, await create())).id}`, change) },
          ],
        ] as [string, Example][])),
    [
      `DELETE ${base}/{id}`,
      { action: `${one}.delete`, run: async () => admin('DELETE', `${base}/${(await made(base, await create())).id}`) },
    ],
  ]
}

const user = () => ({ email: `${fresh()}@example.com`, name: 'U', role: 'viewer' })
const posting = () => ({ organisation_id: 'org_default', amount: '1', idempotency_key: fresh() })
const signedIn = async (): Promise<AdminCall> => {
  const person = { ...user(), password: 'a very good one' }
  await made('/admin/users', person)
  const answer = await adminOf(running, {})('POST', '/admin/session', { email: person.email, password: person.password })
  return adminOf(running, { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] as string })
}

const EXAMPLES = new Map<string, Example>([
  ...examples('organisations', 'organisation', { create: () => ({ name: fresh() }), change: { name: 'other' } }),
  ...examples('projects', 'project', { create: () => ({ name: fresh() }), change: { name: 'other' } }),
  ...examples('groups', 'group', { create: () => ({ name: fresh() }), change: { multiplier: 2 } }),
  ...examples('users', 'user', { create: user, change: { name: 'other' } }),
  ...examples('members', 'member', {
    create: async () => ({
      user_id: (await made('/admin/users', user())).id,
      organisation_id: (await made('/admin/organisations', { name: fresh() })).id,
      role: 'viewer',
    }),
    change: { role: 'admin' },
  }),
  ...examples('budgets', 'budget', {
    create: async () => ({ scope: 'project', scope_id: (await made('/admin/projects', { name: fresh() })).id, period: 'day', amount: 1 }),
    change: { amount: 2 },
  }),
  ...examples('channels', 'channel', {
    create: () => ({ name: fresh(), provider: 'openai', credential: 'sk-x' }),
    change: { priority: 3 },
  }),
  ...examples('aliases', 'alias', { create: () => ({ model: fresh(), target: 'gpt-4o-mini' }), change: { enabled: false } }),
  ...examples('model-limits', 'model limit', { create: () => ({ model: fresh(), concurrency: 2 }), change: { concurrency: 3 } }),
  ...examples('prices', 'price', { create: () => ({ entry: { model: fresh(), free: true } }), change: { note: 'x' } }),
  ...examples('search-backends', 'search backend', {
    create: () => ({ name: fresh(), backend: 'brave', credential: 'x' }),
    change: { priority: 3 },
  }),
  ['POST /admin/keys', { action: 'key.create', run: () => admin('POST', '/admin/keys', { name: 'k' }) }],
  [
    'PATCH /admin/keys/{id}',
    {
      action: 'key.update',
      run: async () => admin('PATCH', `/admin/keys/${(await made('/admin/keys', { name: 'k' })).id}`, { name: 'l' }),
    },
  ],
  [
    'POST /admin/keys/{id}/rotate',
    { action: 'key.rotate', run: async () => admin('POST', `/admin/keys/${(await made('/admin/keys', { name: 'k' })).id}/rotate`, {}) },
  ],
  [
    'DELETE /admin/keys/{id}',
    { action: 'key.revoke', run: async () => admin('DELETE', `/admin/keys/${(await made('/admin/keys', { name: 'k' })).id}`) },
  ],
  ['POST /admin/redeem-codes', { action: 'redeem code.create', run: () => admin('POST', '/admin/redeem-codes', { amount: 1 }) }],
  [
    'DELETE /admin/redeem-codes/{id}',
    {
      action: 'redeem code.delete',
      run: async () =>
        admin('DELETE', `/admin/redeem-codes/${(await done(admin('POST', '/admin/redeem-codes', { amount: 1 }))).data[0].id}`),
    },
  ],
  ['POST /admin/ledger/top-up', { action: 'ledger.top-up', run: () => admin('POST', '/admin/ledger/top-up', posting()) }],
  [
    'POST /admin/ledger/adjust',
    { action: 'ledger.adjust', run: () => admin('POST', '/admin/ledger/adjust', { ...posting(), amount: '-0.5' }) },
  ],
  ['POST /admin/ledger/refund', { action: 'ledger.refund', run: refund }],
  [
    'POST /admin/import',
    { action: 'settings.import', run: () => admin('POST', '/admin/import', { aliases: [{ model: fresh(), target: 'gpt-4o' }] }) },
  ],
  ['POST /admin/reseal', { action: 'settings.reseal', run: () => admin('POST', '/admin/reseal', {}) }],
  ['POST /admin/setup', { action: 'session.setup', run: setup }],
  [
    'POST /admin/session',
    {
      action: 'session.begin',
      async run() {
        const person = { ...user(), password: 'a very good one' }
        await made('/admin/users', person)
        return adminOf(running, {})('POST', '/admin/session', { email: person.email, password: person.password })
      },
    },
  ],
  ['DELETE /admin/session', { action: 'session.end', run: async () => (await signedIn())('DELETE', '/admin/session') }],
  [
    'PUT /admin/session/password',
    {
      action: 'session.password',
      run: async () => (await signedIn())('PUT', '/admin/session/password', { current: 'a very good one', new: 'a better one yet' }),
    },
  ],
])

async function setup(): Promise<AdminAnswer> {
  const token = await waitFor(() => /one-time token: (\S+)/.exec(running.output())?.[1])
  return adminOf(running, {})('POST', '/admin/setup', { token, email: 'owner@example.com', name: 'O', password: 'a very good one' })
}

/** Of a request that cost something. */
async function refund(): Promise<AdminAnswer> {
  const model = 'test/echo'
  await done(admin('POST', '/admin/prices', { entry: { model, input_per_million: 1000, output_per_million: 1000 } }))
  const response = await fetch(`${running.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }),
  })
  await response.text()
  return admin('POST', '/admin/ledger/refund', { ...posting(), amount: '0.000001', request_id: response.headers.get('x-request-id') })
}

const newest = async (): Promise<{ id: string; action: string; actor: { id: string } }> =>
  (await done(admin('GET', '/admin/audit?limit=1'))).data[0]

for (const route of ROUTES.filter(({ method }) => method !== 'GET')) {
  const name = `${route.method} ${route.path}`
  if (CHANGES_NOTHING.has(name)) continue
  test(name, async () => {
    const example = EXAMPLES.get(name)
    if (example === undefined) throw new Error('no example of this address: add one')
    const { status, text } = await example.run()
    if (status >= 300) throw new Error(`${status}: ${text}`)
    const entry = await newest()
    expect(entry.action).toBe(example.action)
    expect(entry.actor.id).not.toBe('')
  })
}

test('a change tells what it was before, and a secret never stands in it', async () => {
  const channel = await made('/admin/channels', { name: fresh(), provider: 'openai', credential: 'sk-first-secret-00000000' })
  await done(admin('PATCH', `/admin/channels/${channel.id}`, { priority: 5, credential: 'sk-second-secret-1111111' }))
  const [entry] = (await done(admin('GET', `/admin/audit?resource_id=${channel.id}&action=channel.update`))).data
  expect(entry.before).toEqual({ priority: 0, credential_hint: '…0000' })
  expect(entry.after).toEqual({ priority: 5, credential_hint: '…1111' })
  const everything = await admin('GET', '/admin/audit?limit=200')
  for (const secret of ['sk-first-secret', 'sk-second-secret', 'a very good one']) expect(everything.text).not.toContain(secret)
})

test('what is refused leaves nothing', async () => {
  const before = (await newest()).id
  expect((await admin('POST', '/admin/keys', { name: 7 })).status).toBe(400)
  expect((await admin('POST', '/admin/channels', { name: fresh(), provider: 'azure' })).status).toBe(400)
  expect((await admin('PATCH', '/admin/organisations/org_default', { name: 'x', version: 99 })).status).toBe(409)
  expect((await newest()).id).toBe(before)
})
