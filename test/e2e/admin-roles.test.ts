// Who may do what: every role against every kind of thing, in the operator's organisation and in another.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AdminCall, adminOf, done, withKey } from '../kit/admin.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
let owner: AdminCall
let organisation: { id: string }
let project: { id: string }
const operators = new Map<string, AdminCall>()
const tenants = new Map<string, AdminCall>()
const ROLES = ['viewer', 'developer', 'admin', 'owner'] as const

beforeAll(async () => {
  running = await startSwitchyard()
  owner = adminOf(running)
  organisation = await done(owner('POST', '/admin/organisations', { name: 'Tenant' }))
  project = await done(owner('POST', '/admin/projects', { organisation_id: organisation.id, name: 'Theirs' }))
  for (const role of ROLES) {
    operators.set(role, withKey(running, (await done(owner('POST', '/admin/keys', { name: role, role }))).key))
    tenants.set(role, withKey(running, (await done(owner('POST', '/admin/keys', { name: role, role, project_id: project.id }))).key))
  }
})
afterAll(() => running.stop())

type Verdict = 'yes' | 'no'
/** For viewer, developer, admin, owner. */
type Row = readonly [Verdict, Verdict, Verdict, Verdict]
const ALL: Row = ['yes', 'yes', 'yes', 'yes']
const FROM_DEVELOPER: Row = ['no', 'yes', 'yes', 'yes']
const FROM_ADMIN: Row = ['no', 'no', 'yes', 'yes']
const OWNER: Row = ['no', 'no', 'no', 'yes']
const NOBODY: Row = ['no', 'no', 'no', 'no']

let count = 0
const fresh = (): string => `n${++count}`

const matrix: readonly { what: string; run: (call: AdminCall) => ReturnType<AdminCall>; operator: Row; tenant: Row }[] = [
  { what: 'read keys', run: (call) => call('GET', '/admin/keys'), operator: ALL, tenant: ALL },
  { what: 'make a key', run: (call) => call('POST', '/admin/keys', { name: fresh() }), operator: FROM_DEVELOPER, tenant: FROM_DEVELOPER },
  { what: 'read projects', run: (call) => call('GET', '/admin/projects'), operator: ALL, tenant: ALL },
  { what: 'make a project', run: (call) => call('POST', '/admin/projects', { name: fresh() }), operator: FROM_ADMIN, tenant: FROM_ADMIN },
  {
    what: 'make a user',
    run: (call) => call('POST', '/admin/users', { email: `${fresh()}@example.com`, name: 'U', role: 'viewer' }),
    operator: FROM_ADMIN,
    tenant: FROM_ADMIN,
  },
  { what: 'read channels', run: (call) => call('GET', '/admin/channels'), operator: ALL, tenant: NOBODY },
  {
    what: 'make a channel',
    run: (call) => call('POST', '/admin/channels', { name: fresh(), provider: 'openai', credential: 'sk-x' }),
    operator: FROM_ADMIN,
    tenant: NOBODY,
  },
  { what: 'make a group', run: (call) => call('POST', '/admin/groups', { name: fresh() }), operator: FROM_ADMIN, tenant: NOBODY },
  {
    what: 'make an organisation',
    run: (call) => call('POST', '/admin/organisations', { name: fresh() }),
    operator: FROM_ADMIN,
    tenant: NOBODY,
  },
  {
    what: 'add credit',
    run: (call) => call('POST', '/admin/ledger/top-up', { organisation_id: organisation.id, amount: 1, idempotency_key: fresh() }),
    operator: FROM_ADMIN,
    tenant: NOBODY,
  },
  { what: 'read the balance', run: (call) => call('GET', `/admin/ledger/${organisation.id}`), operator: ALL, tenant: ALL },
  { what: 'make codes', run: (call) => call('POST', '/admin/redeem-codes', { amount: 1 }), operator: FROM_ADMIN, tenant: NOBODY },
  { what: 'read the log', run: (call) => call('GET', '/admin/requests'), operator: ALL, tenant: ALL },
  { what: 'read usage', run: (call) => call('GET', '/admin/usage'), operator: ALL, tenant: ALL },
  { what: 'read the audit', run: (call) => call('GET', '/admin/audit'), operator: FROM_ADMIN, tenant: FROM_ADMIN },
  { what: 'export', run: (call) => call('GET', '/admin/export'), operator: FROM_ADMIN, tenant: NOBODY },
  { what: 'import', run: (call) => call('POST', '/admin/import', {}), operator: OWNER, tenant: NOBODY },
  { what: 're-seal', run: (call) => call('POST', '/admin/reseal', {}), operator: OWNER, tenant: NOBODY },
]

for (const { what, run, operator, tenant } of matrix) {
  test(`who may ${what}`, async () => {
    for (const [people, row] of [
      [operators, operator],
      [tenants, tenant],
    ] as const) {
      const seen: Verdict[] = []
      for (const role of ROLES) {
        const { status, text } = await run(people.get(role) as AdminCall)
        if (status >= 400 && status !== 403) throw new Error(`${role} ${what}: ${status} ${text}`)
        seen.push(status === 403 ? 'no' : 'yes')
      }
      expect(seen).toEqual([...row])
    }
  })
}

test('nobody is let in without a key', async () => {
  for (const { run } of matrix) expect((await run(adminOf(running, {}))).status).toBe(401)
  expect((await adminOf(running, { authorization: 'Bearer sk-wrong' })('GET', '/admin/keys')).status).toBe(401)
})

describe('nobody reaches above themselves', () => {
  test('by making a key with a higher role', async () => {
    const developer = operators.get('developer') as AdminCall
    expect((await developer('POST', '/admin/keys', { name: 'x', role: 'admin' })).status).toBe(403)
    expect((await developer('POST', '/admin/keys', { name: 'x', role: 'developer' })).status).toBe(201)
  })
  test('by taking over a key that has one', async () => {
    const strong = await done(owner('POST', '/admin/keys', { name: 'strong', role: 'owner' }))
    const admin = operators.get('admin') as AdminCall
    expect((await admin('POST', `/admin/keys/${strong.id}/rotate`, {})).status).toBe(403)
    expect((await admin('DELETE', `/admin/keys/${strong.id}`)).status).toBe(403)
    expect((await admin('PATCH', `/admin/keys/${strong.id}`, { role: null })).status).toBe(403)
  })
  test('by setting the password of somebody who has one', async () => {
    const boss = await done(owner('POST', '/admin/users', { email: 'boss@example.com', name: 'Boss', role: 'owner' }))
    const admin = operators.get('admin') as AdminCall
    expect((await admin('PATCH', `/admin/users/${boss.id}`, { password: 'a-new-password' })).status).toBe(403)
    const [membership] = boss.memberships
    expect((await admin('PATCH', `/admin/members/${membership.id}`, { role: 'viewer' })).status).toBe(403)
    expect((await admin('POST', '/admin/members', { user_id: boss.id, organisation_id: organisation.id, role: 'owner' })).status).toBe(403)
  })
  test('an owner of another organisation stays in it', async () => {
    const tenant = tenants.get('owner') as AdminCall
    const ours = await done(owner('POST', '/admin/keys', { name: 'ours' }))
    expect((await tenant('GET', `/admin/keys/${ours.id}`)).status).toBe(404)
    expect((await tenant('DELETE', `/admin/keys/${ours.id}`)).status).toBe(404)
    expect((await tenant('GET', '/admin/projects/prj_default')).status).toBe(404)
    expect((await tenant('GET', '/admin/ledger/org_default')).status).toBe(404)
    expect((await tenant('POST', '/admin/keys', { name: 'x', project_id: 'prj_default' })).status).toBe(400)
    const listed = await done(tenant('GET', '/admin/keys'))
    expect(listed.data.length).toBeGreaterThan(0)
    for (const key of listed.data) expect(key.organisation_id).toBe(organisation.id)
    expect((await done(tenant('GET', '/admin/organisations'))).data.map(({ id }: { id: string }) => id)).toEqual([organisation.id])
    expect((await done(tenant('GET', '/admin/users?email=boss@example.com'))).data).toEqual([])
    expect((await tenant('POST', '/admin/projects', { name: 'x', organisation_id: 'org_default' })).status).toBe(400)
    for (const row of (await done(tenant('GET', '/admin/audit'))).data) expect(row.organisation_id).toBe(organisation.id)
    const group = await done(owner('POST', '/admin/groups', { name: 'cheap', multiplier: '0.1' }))
    expect((await tenant('POST', '/admin/keys', { name: 'x', group_id: group.id })).status).toBe(400)
    expect((await tenant('POST', '/admin/explain', { path: '/v1/messages', body: {}, key_id: ours.id })).status).toBe(400)
  })
})
