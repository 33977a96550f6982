// What an operator edits, on every storage engine: each table keeps every member as it was given, and edits are
// compare-and-swap. What the rows mean is tested where they are used.

import { describe, expect, test } from 'bun:test'
import { prefixedId } from '../../src/lib/ids.ts'
import { ConflictError } from '../../src/store/engine.ts'
import { openPostgres } from '../../src/store/engines/postgres/postgres.ts'
import type { OperatorStore } from '../../src/store/index.ts'
import { operatorStore } from '../../src/store/repositories/operator.ts'
import { requestRepository } from '../../src/store/repositories/requests.ts'
import { failureOf } from '../kit/failure.ts'
import { freshDatabase, hasPostgres } from '../kit/postgres.ts'
import { closeStores, STORES } from '../kit/stores.ts'

closeStores()

const edited = { createdMs: 1_700_000_000_000, updatedMs: 1_700_000_000_001, version: 1 }
const limits = { requestsPerMinute: 10, tokensPerMinute: Number.MAX_SAFE_INTEGER, concurrency: null }
const upstream = {
  name: 'é "x"',
  baseUrl: null,
  credential: 'k1:sealed',
  credentialHint: '…abcd',
  settings: { region: 'eu' },
  enabled: true,
  priority: -1,
}

/** One row of each table, in an order in which they may refer to each other. */
const SAMPLES = {
  organisations: { id: 'org_1', ...edited, name: 'A', billing: 'prepaid', groupId: null, metadata: { a: 'b' }, disabledMs: null },
  groups: { id: 'grp_1', ...edited, ...limits, name: 'G', multiplier: '1.75', models: ['gpt-*'], channels: null, cutStreams: 'produced' },
  projects: { id: 'prj_1', ...edited, ...limits, organisationId: 'org_1', name: 'P', groupId: 'grp_1', metadata: {}, disabledMs: 5 },
  users: { id: 'usr_1', ...edited, ...limits, email: 'a@b.example', name: 'U', passwordHash: null, disabledMs: null },
  members: { id: 'mem_1', ...edited, userId: 'usr_1', organisationId: 'org_1', role: 'developer' },
  keys: {
    id: 'key_1',
    ...edited,
    ...limits,
    name: 'K',
    hash: 'hash-1',
    hint: 'sk-…',
    projectId: 'prj_1',
    userId: 'usr_1',
    groupId: null,
    role: null,
    mode: 'test',
    twinOf: 'key_0',
    models: ['*'],
    channels: ['a', 'b'],
    addresses: ['10.0.0.0/8'],
    tags: { team: 'x' },
    expiresMs: 9,
    revokedMs: null,
    previousHash: 'hash-0',
    previousUntilMs: 8,
  },
  budgets: { id: 'bud_1', ...edited, scope: 'project', scopeId: 'prj_1', customer: '', period: 'month', amount: 5_000_000_000 },
  channels: {
    id: 'ch_1',
    ...edited,
    ...limits,
    ...upstream,
    provider: 'openai',
    models: [{ model: 'a', upstreamModel: 'b' }],
    weight: '0.5',
    webSearch: 'gateway',
    formats: null,
    headers: {},
  },
  aliases: { id: 'als_1', ...edited, model: 'fast', target: 'gpt-4o-mini', enabled: false },
  modelLimits: { id: 'mlm_1', ...edited, ...limits, model: 'fast' },
  prices: { id: 'prc_1', ...edited, model: 'fast', entry: { input_per_million: 0.15, tiers: [] }, note: null },
  searchBackends: { id: 'sbk_1', ...edited, ...upstream, backend: 'searxng', timeoutMs: 100, pricePerSearch: 0 },
  redeemCodes: { id: 'rdm_1', ...edited, hash: 'h', hint: 'x', amount: 7, note: 'n', expiresMs: null, redeemedMs: null, redeemedBy: null },
} as const

interface AnyTable {
  byId(id: string): Promise<unknown>
  find(where: object): Promise<unknown>
  list(page: object): Promise<unknown[]>
  all(where?: object): Promise<unknown[]>
  count(where?: object): Promise<number>
  insert(row: object): Parameters<OperatorStore['write']>[0][number]
  update(row: object, changes: object): Parameters<OperatorStore['write']>[0][number]
  remove(row: object): Parameters<OperatorStore['write']>[0][number]
}

const tablesOf = (operator: OperatorStore): [string, AnyTable, { readonly id: string; readonly version: number }][] =>
  Object.entries(SAMPLES).map(([name, sample]) => [name, operator[name as keyof typeof SAMPLES] as unknown as AnyTable, sample])

for (const { name, installed, fresh } of STORES) {
  describe.skipIf(!installed)(`operator rows on ${name}`, () => {
    test('every table gives back what it was given, and swaps by version', async () => {
      const { operator } = await (await fresh()).store()
      for (const [, table, sample] of tablesOf(operator)) {
        await operator.write([table.insert(sample)])
        expect(await table.byId(sample.id)).toEqual(sample)
        expect(await table.find({ id: sample.id, createdMs: edited.createdMs })).toEqual(sample)
        expect(await failureOf(operator.write([table.insert(sample)]))).toBeInstanceOf(ConflictError)
        await operator.write([table.update(sample, { updatedMs: 7 })])
        expect(await table.byId(sample.id)).toEqual({ ...sample, updatedMs: 7, version: 2 })
        expect(await failureOf(operator.write([table.update(sample, { updatedMs: 8 })]))).toBeInstanceOf(ConflictError)
        expect(await table.count({ id: [sample.id, 'other'] })).toBe(1)
        expect(await table.all({ id: [] })).toEqual([])
        expect(await table.list({ where: { version: 2 }, limit: 5 })).toHaveLength(1)
        expect(await table.list({ after: sample.id, where: { version: 2 }, limit: 5 })).toEqual([])
      }
      const caller = await operator.callers.byHash('hash-0')
      expect(caller).toMatchObject({
        id: 'key_1',
        project_id: 'prj_1',
        organisation_id: 'org_1',
        billing: 'prepaid',
        group_name: 'G',
        user_id: 'usr_1',
      })
      expect(await operator.callers.byHash('nobody')).toBeUndefined()
      if (caller !== undefined) expect(await operator.callers.budgets(caller)).toMatchObject([{ id: 'bud_1', amount: 5_000_000_000 }])
      for (const [, table, sample] of tablesOf(operator).reverse()) {
        expect(await failureOf(operator.write([table.remove(sample)]))).toBeInstanceOf(ConflictError)
        await operator.write([table.remove({ ...sample, version: 2 })])
        expect(await table.byId(sample.id)).toBeUndefined()
      }
    })

    test('ids are ordered by time whatever the language of the database', async () => {
      const { operator } = await (await fresh()).store()
      const ids = ['als_019a', 'als_0199', 'als_0200', 'als_01f0', 'als_02']
      await operator.write(ids.map((id) => operator.aliases.insert({ ...SAMPLES.aliases, id, model: id })))
      expect((await operator.aliases.all()).map(({ id }) => id)).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)))
    })

    test('sessions, failed sign-ins, settings and the revision', async () => {
      const { operator } = await (await fresh()).store()
      const { sessions, settings } = operator
      const row = { id: 's1', userId: 'u', address: null, agent: 'curl', createdMs: 1, seenMs: 2, expiresMs: 3 }
      await operator.write([sessions.insert(row), sessions.insert({ ...row, id: 's2' }), sessions.seen('s1', 9), settings.put('a', 'x', 1)])
      expect(await sessions.byId('s1')).toEqual({ ...row, seenMs: 9 })
      for (const nowMs of [10, 20]) await operator.write([sessions.fail({ subject: 'x', nowMs, forgottenMs: 0 })])
      await operator.write([sessions.lock('x', 99), sessions.removeOthers('u', 's1')])
      expect(await sessions.signIn('x')).toEqual({ failures: 2, lockedUntilMs: 99 })
      expect(await sessions.byId('s2')).toBeUndefined()
      await operator.write([sessions.removeExpired(3), sessions.clearFailures('x'), settings.put('a', 'y', 2)])
      expect(await sessions.byId('s1')).toBeUndefined()
      expect(await settings.get('a')).toBe('y')
      expect(await failureOf(operator.write([settings.take('a', 'x')]))).toBeInstanceOf(ConflictError)
      const from = await settings.revision()
      const raised = await Promise.allSettled([1, 2, 3].map(() => operator.write([settings.raiseRevision(from)])))
      expect(raised.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await settings.revision()).toBe(from + 1)
    })

    test('the audit log and the usage of several nodes', async () => {
      const database = await fresh()
      const nodes = await Promise.all([database.store(), database.store()])
      const [{ operator }] = nodes
      const audit = {
        id: 'aud_1',
        atMs: 5,
        actorKind: 'key' as const,
        actorId: 'key_1',
        actorName: 'K',
        organisationId: null,
        action: 'create',
        resource: 'key',
        resourceId: 'key_2',
        address: '::1',
        requestId: 'req_1',
        before: null,
        after: '{"name":"x"}',
      }
      await operator.write([operator.audit.insert(audit)])
      expect(await operator.audit.list({ resource: 'key', fromMs: 5, toMs: 6, limit: 10 })).toEqual([audit])
      expect(await operator.audit.list({ organisationIds: ['org_1'], after: 'z', limit: 10 })).toEqual([])
      const entry = {
        atMs: 3_600_000,
        keyId: 'key_1',
        projectId: 'prj_1',
        organisationId: 'org_1',
        model: 'm',
        charge: 7,
        cost: 5,
        durationMs: 3,
      }
      for (let at = 0; at < 300; at++) {
        for (const { operator: each } of nodes)
          each.usage.add({ ...entry, customer: `c${at % 50}\0`, outcome: at % 3 === 0 ? 'error' : 'ok', inputTokens: 2 })
      }
      await Promise.all(nodes.map(({ operator: each }) => each.usage.flush()))
      const question = { unit: 'day' as const, fromMs: 0, toMs: 86_400_000, where: { organisation: ['org_1'] }, limit: 100 }
      expect(await operator.usage.report({ ...question, by: [] })).toMatchObject([
        { requests: 600, errors: 200, inputTokens: 1200, charge: 4200 },
      ])
      expect(await operator.usage.report({ ...question, by: ['customer', 'start'] })).toHaveLength(50)
      for (const [fromMs, charged] of [
        [0, 4200],
        [3_600_000, 4200],
        [7_199_999, 4200],
        [7_200_000, 0],
        [86_400_000, 0],
      ] as const) {
        expect([fromMs, await operator.usage.charged({ key: ['key_1'] }, fromMs)]).toEqual([fromMs, charged])
      }
    })

    test('a row that another node is about to write is waited for', async () => {
      const database = await fresh()
      const [one, two] = [await database.store(), await database.store()]
      const row = { id: prefixedId('req', Date.now()), keyId: 'k', startedMs: 1, outcome: 'ok', detail: '{}' }
      one.requests.append(row)
      expect(await two.requests.byId(row.id)).toEqual(row)
      const startMs = performance.now()
      expect(await two.requests.byId(prefixedId('req', Date.now() - 60_000))).toBeUndefined()
      expect(performance.now() - startMs).toBeLessThan(200)
    })

    test('the log is asked by owner and time', async () => {
      const store = await (await fresh()).store()
      for (const at of [1, 2, 3])
        store.requests.append({ id: `req_${at}`, keyId: 'key_1', startedMs: at, outcome: at === 2 ? 'error' : 'ok', detail: '{}' })
      await store.requests.flush()
      const { log } = store.operator
      expect((await log.requests({ keyIds: ['key_1'], fromMs: 2, limit: 10 })).map(({ id }) => id)).toEqual(['req_3', 'req_2'])
      expect(
        await log.requests({ organisationIds: ['org_1'], projectId: 'prj_1', outcome: 'ok', toMs: 3, after: 'req_9', limit: 10 }),
      ).toEqual([])
      await store.ledger.post({ key: 'p1', kind: 'top-up', account: 'a', amount: 5, nowMs: 2, detail: '{}' })
      expect(await log.postings({ account: 'a', fromMs: 1, toMs: 3, after: { createdMs: 2, key: 'p2' }, limit: 10 })).toMatchObject([
        { key: 'p1', amount: 5 },
      ])
      const old = prefixedId('req', 2_000)
      const young = prefixedId('req', 3_000)
      for (const [id, startedMs] of [
        [old, 2_000],
        [young, 3_000],
      ] as const) {
        store.requests.append({ id, keyId: 'key_1', startedMs, outcome: 'ok', detail: '{}' })
      }
      await store.requests.flush()
      await store.requests.prune(3_000)
      expect(await store.requests.byId(old)).toBeUndefined()
      expect(await store.requests.byId(young)).toMatchObject({ id: young })
    })
  })
}

describe.skipIf(!hasPostgres)('statements', () => {
  test('PostgreSQL understands every statement that a repository prepares at once', async () => {
    const engine = await openPostgres(await freshDatabase(), { connections: 1 })
    const prepared: string[] = []
    const spying = {
      ...engine,
      prepare<Row>(sql: string) {
        const statement = engine.prepare<Row>(sql)
        prepared.push(statement.sql)
        return statement
      },
    }
    operatorStore(spying)
    requestRepository(spying)
    expect(prepared.length).toBeGreaterThan(20)
    for (const [at, sql] of prepared.entries()) {
      expect([sql, await engine.call(`PREPARE each${at} AS ${sql}`, []).then(() => 'understood', String)]).toEqual([sql, 'understood'])
    }
    await engine.close()
  })
})
