import { expect, test } from 'bun:test'
import { openaiChat } from '../formats/index.ts'
import { compileSnapshot } from '../snapshot/index.ts'
import { type Cooldowns, cooldowns } from './cooldown.ts'
import { plan } from './plan.ts'

interface Row {
  readonly name: string
  readonly weight?: number
  readonly priority?: number
}

const snapshotOf = (rows: readonly Row[]) =>
  compileSnapshot(
    rows.map(({ name, weight = 1, priority = 0 }) => ({
      id: `ch_${name}`,
      name,
      origin: 'file',
      provider: 'openai-compatible',
      baseUrl: 'http://127.0.0.1:1/v1',
      models: [{ model: 'm', upstreamModel: 'm' }],
      priority,
      weight,
      settings: {},
      headers: {},
    })),
    1,
  )

interface Asked {
  readonly conversation?: string
  readonly cooling?: Cooldowns
  readonly random?: () => number
}

const orderOf = (rows: readonly Row[], { conversation, cooling = cooldowns(), random = Math.random }: Asked): string[] =>
  plan({
    snapshot: snapshotOf(rows),
    model: 'm',
    clientFormat: openaiChat,
    choices: 1,
    nowMs: 0,
    cooldowns: cooling,
    random,
    conversation: () => conversation,
  }).map(({ channel }) => channel.name)

const FOUR: readonly Row[] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }]
const talks = Array.from({ length: 4_000 }, (_, at) => `talk-${at}`)

function firsts(rows: readonly Row[], asked: (talk: string) => Asked): Record<string, number> {
  const counts: Record<string, number> = {}
  const snapshot = snapshotOf(rows)
  for (const talk of talks) {
    const { conversation, random = Math.random } = asked(talk)
    const [first] = plan({
      snapshot,
      model: 'm',
      clientFormat: openaiChat,
      choices: 1,
      nowMs: 0,
      cooldowns: cooldowns(),
      random,
      conversation: () => conversation,
    })
    const name = first?.channel.name ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

test('a conversation meets the same order in every turn, whatever chance says', () => {
  for (const conversation of talks.slice(0, 20)) {
    const order = orderOf(FOUR, { conversation, random: () => 0.1 })
    expect(order).toHaveLength(4)
    for (const random of [() => 0, () => 0.5, () => 0.999]) expect(orderOf(FOUR, { conversation, random })).toEqual(order)
  }
})

test('conversations spread by weight, as chance does', () => {
  const rows = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 3 },
  ]
  for (const asked of [(conversation: string): Asked => ({ conversation }), (): Asked => ({})]) {
    const { a = 0, b = 0 } = firsts(rows, asked)
    expect(a + b).toBe(4_000)
    expect(Math.abs(b - 3_000)).toBeLessThan(150)
  }
})

test('priority comes first, whatever a conversation would prefer', () => {
  const rows = [{ name: 'last', priority: 9, weight: 1000 }, { name: 'a' }, { name: 'b' }]
  for (const conversation of talks.slice(0, 50)) expect(orderOf(rows, { conversation })[2]).toBe('last')
})

test('when a channel goes, only its own conversations move; when it fails, they return to it later', () => {
  for (const conversation of talks.slice(0, 200)) {
    const order = orderOf(FOUR, { conversation })
    const without = FOUR.filter(({ name }) => name !== 'a')
    expect(orderOf(without, { conversation })).toEqual(order.filter((name) => name !== 'a'))
    const cooling = cooldowns()
    cooling.fail(`ch_${order[0]}`, 0, 1_000)
    expect(orderOf(FOUR, { conversation, cooling })).toEqual([...order.slice(1), order[0] as string])
  }
})

test('without a conversation chance decides each time', () => {
  const seen = new Set(Array.from({ length: 100 }, () => orderOf(FOUR, {})[0]))
  expect(seen.size).toBe(4)
})
