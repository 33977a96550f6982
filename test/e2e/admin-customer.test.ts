// What a customer sees with a key of its own, and money that an operator gives: top-ups, codes, refunds.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AdminCall, adminOf, done, withKey } from '../kit/admin.ts'
import { NODE_ENGINES, type Nodes, startNodes } from '../kit/admin-nodes.ts'

for (const { engine, present } of NODE_ENGINES)
  describe.skipIf(!present)(`on ${engine}`, () => {
    let nodes: Nodes
    let admin: AdminCall
    let customer: AdminCall
    let organisation: { id: string; version: number }
    let key: { id: string; key: string; twin: { key: string } }
    const MODEL = 'test/echo'

    beforeAll(async () => {
      nodes = await startNodes(engine)
      admin = adminOf(nodes.one)
      organisation = await done(admin('POST', '/admin/organisations', { name: 'Customer' }))
      const project = await done(admin('POST', '/admin/projects', { name: 'P', organisation_id: organisation.id }))
      key = await done(admin('POST', '/admin/keys', { name: 'theirs', project_id: project.id, test_twin: true }))
      customer = withKey(nodes.one, key.key)
      // A thousand dollars for a million tokens: small requests cost something to see.
      await done(admin('POST', '/admin/prices', { entry: { model: MODEL, input_per_million: 1000, output_per_million: 1000 } }))
    }, 30_000)
    afterAll(() => nodes?.stop())

    const ask = (secret = key.key, more: object = {}): Promise<Response> =>
      fetch(`${nodes.one.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify({ model: MODEL, max_tokens: 20, messages: [{ role: 'user', content: 'hi' }], ...more }),
      })
    const topUp = (idempotency_key: string, amount: string) =>
      done(admin('POST', '/admin/ledger/top-up', { organisation_id: organisation.id, amount, idempotency_key }))

    test('a prepaid organisation without credit gets nothing, its test twin does', async () => {
      expect((await ask()).status).toBe(402)
      expect((await ask(key.twin.key)).status).toBe(200)
      expect((await done(customer('GET', '/v1/balance'))).balance).toBe('0')
      expect((await done(withKey(nodes.one, key.twin.key)('GET', '/v1/balance'))).mode).toBe('test')
    })

    test('a top-up counts once, whatever is repeated', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => topUp('first', '5')))
      expect(answers.filter(({ posted }) => posted)).toHaveLength(1)
      expect((await done(customer('GET', '/v1/balance'))).balance).toBe('5')
      expect(
        (await admin('POST', '/admin/ledger/adjust', { organisation_id: organisation.id, amount: '-6', idempotency_key: 'x' })).status,
      ).toBe(409)
      for (const amount of ['-1', '0', 'x', null, 1e30])
        expect(
          (await admin('POST', '/admin/ledger/top-up', { organisation_id: organisation.id, amount, idempotency_key: 'y' })).status,
        ).toBe(400)
    })

    test('what is used stands in usage, balance and statement alike', async () => {
      const response = await ask()
      expect(response.status).toBe(200)
      const cost = response.headers.get('x-switchyard-cost') ?? ''
      expect(Number(cost)).toBeGreaterThan(0)
      const usage = await done(customer('GET', '/v1/usage?by=model'))
      expect(usage.data).toMatchObject([{ model: MODEL, requests: 2, errors: 1, charge: cost }])
      expect(usage.data[0].cost).toBeUndefined()
      const balance = await done(customer('GET', '/v1/balance'))
      expect(Number(balance.balance)).toBeCloseTo(5 - Number(cost), 9)
      const statement = await done(admin('GET', `/admin/ledger/${organisation.id}/statement`))
      expect(statement).toMatchObject({ charged: cost, balance: balance.balance, data: [{ kind: 'top-up', amount: '5' }] })
      const all = await done(admin('GET', `/admin/usage?organisation=${organisation.id}&by=key,model&unit=hour`))
      const live = all.data.find((row: { key: string }) => row.key === key.id)
      expect(live).toMatchObject({ charge: cost, requests: 2 })
      const log = await done(admin('GET', `/admin/requests?organisation_id=${organisation.id}&model=${MODEL}&outcome=ok`))
      expect(log.data.some(({ id }: { id: string }) => id === response.headers.get('x-request-id'))).toBe(true)

      const refund = {
        organisation_id: organisation.id,
        amount: cost,
        idempotency_key: 'r',
        request_id: response.headers.get('x-request-id'),
      }
      expect(await done(admin('POST', '/admin/ledger/refund', refund))).toMatchObject({ posted: true, balance: '5' })
      expect(await done(admin('POST', '/admin/ledger/refund', { ...refund, idempotency_key: 's' }))).toMatchObject({
        posted: false,
        balance: '5',
      })
      expect((await admin('POST', '/admin/ledger/refund', { ...refund, request_id: 'req_none' })).status).toBe(404)
    })

    test('programs that know only the old billing addresses see a balance', async () => {
      const subscription = await done(customer('GET', '/dashboard/billing/subscription'))
      const used = await done(customer('GET', '/v1/dashboard/billing/usage?start_date=2020-01-01&end_date=2099-12-31'))
      expect(subscription).toMatchObject({ object: 'billing_subscription', has_payment_method: true })
      expect(used.object).toBe('list')
      expect(used.total_usage).toBeGreaterThan(0)
      const left = subscription.hard_limit_usd - used.total_usage / 100
      expect(left).toBeCloseTo(Number((await done(customer('GET', '/v1/balance'))).balance), 6)
      const owner = await done(admin('GET', '/v1/dashboard/billing/subscription'))
      expect(owner.hard_limit_usd).toBeGreaterThan(1_000_000)
      expect((await adminOf(nodes.one, {})('GET', '/dashboard/billing/usage')).status).toBe(401)
    })

    test('a code is redeemed once, by whoever comes first', async () => {
      const made = await done(admin('POST', '/admin/redeem-codes', { amount: '2.5', count: 2 }))
      expect(made.data).toHaveLength(2)
      const [first, second] = made.data
      const before = Number((await done(customer('GET', '/v1/balance'))).balance)
      const raced = await Promise.all(Array.from({ length: 6 }, () => customer('POST', '/v1/balance/redeem', { code: first.code })))
      expect(raced.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400])
      expect(Number((await done(customer('GET', '/v1/balance'))).balance)).toBeCloseTo(before + 2.5, 9)
      expect((await done(admin('GET', `/admin/redeem-codes/${first.id}`))).redeemed_by).toBe(organisation.id)
      expect((await admin('DELETE', `/admin/redeem-codes/${first.id}`)).status).toBe(409)
      expect((await admin('DELETE', `/admin/redeem-codes/${second.id}`)).status).toBe(204)
      for (const code of [second.code, 'rc-none', '', 7, null])
        expect((await customer('POST', '/v1/balance/redeem', { code })).status).toBe(400)
      expect(await nodes.stores(first.code)).toBe(false)
    })

    test('a budget ends at its amount, and shows what is left', async () => {
      const project = await done(admin('POST', '/admin/projects', { name: 'B', organisation_id: organisation.id }))
      const budgeted = await done(admin('POST', '/admin/keys', { name: 'budgeted', project_id: project.id }))
      await done(admin('POST', '/admin/budgets', { scope: 'key', scope_id: budgeted.id, period: 'day', amount: '0.06' }))
      await topUp('for-budgets', '5')
      const statuses: number[] = []
      for (let at = 0; at < 20; at++) {
        const response = await ask(budgeted.key)
        await response.text()
        statuses.push(response.status)
      }
      expect(statuses[0]).toBe(200)
      expect(statuses.at(-1)).toBe(402)
      const [budget] = (await done(withKey(nodes.one, budgeted.key)('GET', '/v1/balance'))).budgets
      expect(budget).toMatchObject({ scope: 'key', period: 'day', amount: '0.06' })
      expect(Number(budget.used)).toBeGreaterThan(0)
      expect(Number(budget.used)).toBeLessThanOrEqual(0.06)
    })

    test('a key sees itself, and nobody else', async () => {
      const own = await done(customer('GET', '/v1/keys'))
      expect(own.data).toMatchObject([{ id: key.id, name: 'theirs', current: true }])
      expect(JSON.stringify(own)).not.toContain(key.key)
      expect((await customer('GET', '/v1/usage?by=organisation')).status).toBe(400)
      expect((await customer('GET', '/v1/usage?from=yesterday')).status).toBe(400)
      expect((await customer('GET', '/v1/usage?scope=everything')).status).toBe(400)
      expect((await customer('POST', '/v1/usage', {})).status).toBe(405)
    })
  })
