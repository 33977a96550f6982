import { afterEach, describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/errors.ts'
import { openStore, type Store } from '../store/index.ts'
import { createAccess, freshKey, plainKey, storeAdminKey } from './index.ts'

let nowMs = 1_700_000_000_000
let store: Store | undefined
afterEach(async () => {
  await store?.close()
  store = undefined
})

function opened() {
  store = openStore(':memory:')
  return { operator: store.operator, access: createAccess(store.operator, () => nowMs) }
}

const carrier = (...keys: string[]) => ({
  headers: new Headers({
    ...(keys[0] !== undefined && { authorization: `Bearer ${keys[0]}` }),
    ...(keys[1] !== undefined && { 'x-api-key': keys[1] }),
  }),
  query: new URLSearchParams(),
})

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    return thrown instanceof GatewayError ? thrown.code : String(thrown)
  }
  return 'admitted'
}

describe('who is calling', () => {
  test('is known at once, and remembered', async () => {
    const { operator, access } = opened()
    const fresh = freshKey('live')
    await operator.write([operator.keys.insert(plainKey('k', fresh, nowMs))])
    const caller = access.identify(carrier(fresh.key))
    expect(caller).toMatchObject({ name: 'k', organisationId: 'org_default', account: 'org_default', billing: 'unmetered', mode: 'live' })
    expect(Object.isFrozen(caller)).toBe(true)
    expect(access.identify(carrier(fresh.key))).toBe(caller)
  })

  test('two keys in one request must be one', async () => {
    const { operator, access } = opened()
    const [one, two] = [freshKey('live'), freshKey('live')]
    await operator.write([one, two].map((fresh) => operator.keys.insert(plainKey('k', fresh, nowMs))))
    expect(refusal(() => access.identify(carrier(one.key, two.key)))).toBe('unauthenticated')
    expect(refusal(() => access.identify(carrier(one.key, one.key)))).toBe('admitted')
    expect(refusal(() => access.identify(carrier('sk-nobody', two.key)))).toBe('admitted')
    expect(refusal(() => access.identify(carrier()))).toBe('unauthenticated')
  })

  test('a revocation whose notice is lost is in force within a second', async () => {
    const { operator, access } = opened()
    const fresh = freshKey('live')
    const row = plainKey('k', fresh, nowMs)
    await operator.write([operator.keys.insert(row)])
    access.identify(carrier(fresh.key))
    await operator.write([operator.keys.update(row, { revokedMs: nowMs })])
    nowMs += 700
    expect(refusal(() => access.identify(carrier(fresh.key)))).toBe('admitted')
    nowMs += 299
    expect(refusal(() => access.identify(carrier(fresh.key)))).toBe('unauthenticated')
  })

  test('a notice makes it so at once', async () => {
    const { operator, access } = opened()
    const fresh = freshKey('live')
    const row = plainKey('k', fresh, nowMs)
    await operator.write([operator.keys.insert(row)])
    access.identify(carrier(fresh.key))
    await operator.write([operator.keys.update(row, { revokedMs: nowMs }), operator.notice('access', fresh.hash)])
    expect(refusal(() => access.identify(carrier(fresh.key)))).toBe('unauthenticated')
  })

  test('a key ends to the millisecond, remembered or not', async () => {
    const { operator, access } = opened()
    const fresh = freshKey('live')
    await operator.write([operator.keys.insert({ ...plainKey('k', fresh, nowMs), expiresMs: nowMs + 100 })])
    nowMs += 99
    expect(refusal(() => access.identify(carrier(fresh.key)))).toBe('admitted')
    nowMs += 1
    expect(refusal(() => access.identify(carrier(fresh.key)))).toBe('unauthenticated')
  })

  test('what a group makes of prices, models and streams comes from the key, else the project, else the organisation', async () => {
    const { operator, access } = opened()
    const edited = { createdMs: nowMs, updatedMs: nowMs, version: 1, requestsPerMinute: null, tokensPerMinute: null, concurrency: null }
    const group = (id: string, multiplier: string) => ({
      ...edited,
      id,
      name: id,
      multiplier,
      models: null,
      channels: null,
      cutStreams: 'finish' as const,
    })
    const [first, second] = [freshKey('live'), freshKey('live')]
    const project = await operator.projects.byId('prj_default')
    await operator.write([
      operator.groups.insert(group('grp_a', '1.75')),
      operator.groups.insert({ ...group('grp_b', '2'), requestsPerMinute: 9 }),
      operator.keys.insert({ ...plainKey('own', first, nowMs), groupId: 'grp_a' }),
      operator.keys.insert(plainKey('inherits', second, nowMs)),
      operator.projects.update(project as NonNullable<typeof project>, { groupId: 'grp_b', concurrency: 3 }),
    ])
    expect(access.identify(carrier(first.key)).multiplier).toEqual({ numerator: 175, denominator: 100 })
    const inherited = access.identify(carrier(second.key))
    expect(inherited.multiplier).toEqual({ numerator: 2, denominator: 1 })
    expect(inherited.cutStreams).toBe('finish')
    expect(inherited.limits).toEqual([
      { scope: 'project', id: 'prj_default', concurrency: 3 },
      { scope: 'group', id: 'grp_b', requestsPerMinute: 9 },
    ])
  })
})

test('the key that the operator chose is made good again at each start', async () => {
  const { operator, access } = opened()
  const key = 'sk-chosen-by-the-operator-0000000'
  await storeAdminKey(operator, key, nowMs)
  const row = (await operator.keys.find({ name: 'admin' })) as NonNullable<Awaited<ReturnType<typeof operator.keys.find>>>
  await operator.write([operator.keys.update(row, { revokedMs: nowMs, role: null })])
  expect(refusal(() => access.identify(carrier(key)))).toBe('unauthenticated')
  await storeAdminKey(operator, key, nowMs)
  nowMs += 1_000
  expect(access.identify(carrier(key)).role).toBe('owner')
  expect(await operator.keys.count()).toBe(1)
})
