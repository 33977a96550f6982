// Whatever stands in a request to the admin API, the answer is never a failure of ours: every member of every input with
// every wrong kind of value, every query parameter, and paths that are none.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { ROUTES } from '../../src/admin/index.ts'
import { type AdminCall, adminOf } from '../kit/admin.ts'
import { NODE_ENGINES, type Nodes, startNodes } from '../kit/admin-nodes.ts'

const GARBAGE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  'x',
  '\0',
  'a\0b',
  '\ud800',
  'ü'.repeat(5000),
  '💥',
  "'; DROP TABLE organisation; --",
  '%',
  '../../etc/passwd',
  '2026-13-45T99:99:99Z',
  '99999999999999999999',
  [],
  [null],
  [[]],
  ['x', 1],
  {},
  { a: null },
  { __proto__: null, constructor: 1 },
  { '\0': '\0' },
]

/** A value that the schema takes, as far as it is quickly found, so that the other members are looked at too. */
const PLAUSIBLE: Readonly<Record<string, unknown>> = {
  name: 'n',
  provider: 'openai',
  email: 'a@example.com',
  password: 'a very good one',
  role: 'viewer',
  model: 'm',
  target: 't',
  backend: 'brave',
  credential: 'x',
  entry: { model: 'm', free: true },
  amount: '1',
  scope: 'organisation',
  scope_id: 'org_default',
  period: 'day',
  organisation_id: 'org_default',
  idempotency_key: 'k',
  path: '/v1/chat/completions',
  key_id: 'key_none',
  body: { model: 'm' },
  user_id: 'usr_none',
  code: 'c',
  token: 't',
  current: 'x',
  new: 'a very good one',
  request_id: 'req_none',
}

interface Described {
  properties?: Record<string, unknown>
  required?: string[]
}
const described = (schema: z.ZodType | undefined): Described =>
  schema === undefined ? {} : (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Described)

for (const { engine, present } of NODE_ENGINES)
  describe.skipIf(!present)(`on ${engine}`, () => {
    let nodes: Nodes
    let admin: AdminCall
    beforeAll(async () => {
      nodes = await startNodes(engine)
      admin = adminOf(nodes.one)
    }, 30_000)
    afterAll(() => nodes?.stop())

    const check = async (method: string, path: string, body?: unknown): Promise<void> => {
      const { status, text } = await admin(method, path, body)
      // A write that shuts us out would make the rest of this test empty.
      if (status >= 500 || status === 401) throw new Error(`${method} ${path} ${JSON.stringify(body)?.slice(0, 300)}: ${status} ${text}`)
    }

    test('bodies', async () => {
      let count = 0
      for (const { method, path, body } of ROUTES) {
        // Signing in with garbage works, but takes its time on purpose.
        if (body === undefined || path === '/admin/session') continue
        const { properties = {}, required = [] } = described(body)
        const base = Object.fromEntries(required.map((name) => [name, PLAUSIBLE[name] ?? 'x']))
        const at = path.replace('{id}', path.includes('organisations') ? 'org_default' : 'prj_default')
        for (const name of [...Object.keys(properties), 'unknown']) {
          for (const value of GARBAGE) {
            await check(method, at, { ...base, [name]: value })
            count++
          }
        }
        for (const value of GARBAGE) await check(method, at, value === undefined ? undefined : JSON.stringify(value))
      }
      expect(count).toBeGreaterThan(1_000)
    }, 120_000)

    test('queries and paths', async () => {
      for (const { method, path, query } of ROUTES) {
        if (method !== 'GET') continue
        const at = path.replace('{id}', 'org_default')
        for (const name of [...Object.keys(described(query).properties ?? {}), 'unknown'])
          for (const value of [
            '',
            ' ',
            'x',
            '-1',
            '0',
            '1e9',
            '\0',
            '\ud800',
            '💥',
            '2026-01-01',
            '2026-99-99',
            "' OR 1=1",
            'a~b',
            '1~x',
            'x'.repeat(500),
          ])
            await check(method, `${at}?${new URLSearchParams({ [name]: value })}`)
      }
      for (const path of [
        '/admin',
        '/admin/',
        '/admin//',
        '/admin/keys/',
        '/admin/keys/%00',
        '/admin/keys/%',
        '/admin/keys/a%2Fb',
        '/admin/keys/💥',
        '/admin/keys/a/b/c',
      ])
        for (const method of ['GET', 'POST', 'DELETE', 'PATCH', 'PUT', 'HEAD', 'OPTIONS']) await check(method, path)
    }, 60_000)

    test('customers', async () => {
      for (const path of ['/v1/usage', '/v1/balance', '/v1/keys', '/dashboard/billing/subscription', '/v1/dashboard/billing/usage'])
        for (const name of ['from', 'to', 'by', 'unit', 'scope', 'start_date', 'end_date'])
          for (const value of ['', 'x', '\0', '\ud800', '-1', '2026-99-99', '2026-2-3', '9'.repeat(400), 'start,key,model'])
            await check('GET', `${path}?${new URLSearchParams({ [name]: value })}`)
      for (const value of GARBAGE) await check('POST', '/v1/balance/redeem', { code: value })
    })

    test('it still serves', async () => {
      expect((await admin('GET', '/admin/organisations/org_default')).status).toBe(200)
      expect((await admin('GET', '/admin/models')).status).toBe(200)
    })
  })
