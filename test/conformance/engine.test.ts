// What every storage engine promises, run on each of them with several nodes on one database. What a repository means is
// tested beside it; here stands what all of them rely on.

import { describe, expect, test } from 'bun:test'
import { ConflictError, type Engine, expecting } from '../../src/store/engine.ts'
import { failureOf } from '../kit/failure.ts'
import { until } from '../kit/service.ts'
import { closeStores, STORES } from '../kit/stores.ts'

closeStores()

const settings = (engine: Engine) => ({
  put: engine.prepare('INSERT INTO setting (name, value, updated_ms) VALUES (?1, ?2, ?3)'),
  swap: engine.prepare('UPDATE setting SET value = ?2 WHERE name = ?1 AND value = ?3 RETURNING value, updated_ms'),
  get: engine.prepare<{ value: string; updated_ms: number }>('SELECT value, updated_ms FROM setting WHERE name = ?1'),
  all: engine.prepare<{ name: string }>('SELECT name FROM setting ORDER BY name'),
  raise: engine.prepare('UPDATE setting SET updated_ms = updated_ms + ?2 WHERE name = ?1'),
})

for (const { name, installed, fresh } of STORES) {
  describe.skipIf(!installed)(`engine ${name}`, () => {
    test('a unit is written whole, in order, and says what it did', async () => {
      const engine = await (await fresh()).engine()
      const { put, swap, get, all } = settings(engine)
      const written = await engine.write([put.bind('a', '1', 5), swap.bind('a', '2', '1'), swap.bind('a', '3', 'no')])
      expect(written.map(({ changes, rows }) => ({ changes, rows: [...rows] }))).toEqual([
        { changes: 1, rows: [] },
        { changes: 1, rows: [{ value: '2', updated_ms: 5 }] },
        { changes: 0, rows: [] },
      ])
      expect(await get.get('a')).toEqual({ value: '2', updated_ms: 5 })
      expect(await get.get('b')).toBeUndefined()
      expect([...(await all.all())]).toEqual([{ name: 'a' }])
      expect(await engine.write([])).toEqual([])
    })

    test('an expectation that is not met undoes its unit and no other', async () => {
      const engine = await (await fresh()).engine()
      const { put, swap, get } = settings(engine)
      const refused = failureOf(engine.write([put.bind('a', '1', 0), expecting(swap.bind('b', '2', '1'), 1)]))
      const [failure] = await Promise.all([refused, engine.write([put.bind('c', '1', 0)])])
      expect(failure).toBeInstanceOf(ConflictError)
      expect(await get.get('a')).toBeUndefined()
      expect(await get.get('c')).toBeDefined()
    })

    test('a unique value that exists already is a conflict', async () => {
      const engine = await (await fresh()).engine()
      const { put, get } = settings(engine)
      await engine.write([put.bind('a', '1', 0)])
      expect(await failureOf(engine.write([put.bind('b', '1', 0), put.bind('a', '2', 0)]))).toBeInstanceOf(ConflictError)
      expect(await failureOf(engine.write([put.bind('a', '2', 0)]))).toMatchObject({ code: 'conflict', status: 409 })
      expect(await get.get('b')).toBeUndefined()
      expect((await get.get('a'))?.value).toBe('1')
    })

    test('of two nodes that swap at once, one wins', async () => {
      const database = await fresh()
      const [one, two] = await Promise.all([database.engine(), database.engine()])
      await one.write([settings(one).put.bind('a', '0', 0)])
      for (let round = 0; round < 20; round++) {
        const outcomes = await Promise.allSettled(
          [one, two, one, two].map((engine, at) =>
            engine.write([expecting(settings(engine).swap.bind('a', `${round + 1}`, `${round}`), 1), settings(engine).raise.bind('a', at)]),
          ),
        )
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      }
    })

    test('sums, counts and large integers are numbers', async () => {
      const engine = await (await fresh()).engine()
      const { put } = settings(engine)
      await engine.write([put.bind('a', 'x', Number.MAX_SAFE_INTEGER), put.bind('b', 'x', -7), put.bind('c', 'x', 0)])
      const sum = engine.prepare<object>('SELECT sum(updated_ms) AS sum, count(*) AS count FROM setting WHERE name > ?1')
      expect(await sum.get('a')).toEqual({ sum: -7, count: 2 })
      expect(await settings(engine).get.get('a')).toMatchObject({ updated_ms: Number.MAX_SAFE_INTEGER })
    })

    test('any text comes back, and what no column holds is refused', async () => {
      const engine = await (await fresh()).engine()
      const { put, get } = settings(engine)
      const texts = ["'; DROP TABLE setting; --", '"', '\\', '?1 $1', 'é \u{1f600} \u202e', ' ', '', 'x'.repeat(100_000), '{"a":1}']
      await engine.write(texts.map((text, at) => put.bind(`n${at}`, text, 0)))
      for (const [at, text] of texts.entries()) expect((await get.get(`n${at}`))?.value).toBe(text)
      await engine.write([put.bind('nul\0', 'a\0b', 0), put.bind('half', '\ud800', 0)])
      expect((await get.get('nul\0'))?.value).toMatch(/^a[\0\ufffd]b$/)
      for (const bad of [1.5, Number.NaN, 2 ** 53, undefined, true, {}, [], 5n, new Date()]) {
        expect(() => put.bind('bad', 'x', bad as number)).toThrow(TypeError)
      }
      expect(() => put.bind('too few')).toThrow(TypeError)
      expect(() => put.bind('one', 'too', 1, 'many')).toThrow(TypeError)
    })

    test('a statement with a defect fails alone', async () => {
      const engine = await (await fresh()).engine()
      const { put, all } = settings(engine)
      const null_ = failureOf(engine.write([put.bind('a', null, 0)]))
      const outcomes = await Promise.all([null_, engine.write([put.bind('b', '1', 0)]), engine.write([put.bind('c', '1', 0)])])
      expect(outcomes[0]).not.toBeInstanceOf(ConflictError)
      expect((await all.all()).map(({ name: each }) => each)).toEqual(['b', 'c'])
    })

    test('parallel units of several nodes lose no update', async () => {
      const database = await fresh()
      const nodes = await Promise.all([database.engine(), database.engine(), database.engine()])
      const [first] = nodes
      if (first === undefined) return
      await first.write([settings(first).put.bind('a', 'x', 0), settings(first).put.bind('b', 'x', 0)])
      await Promise.all(
        Array.from({ length: 150 }, (_, at) => {
          const engine = nodes[at % nodes.length] as Engine
          return engine.write(['a', 'b'].map((each) => settings(engine).raise.bind(each, 1)))
        }),
      )
      expect(await settings(first).get.get('a')).toMatchObject({ updated_ms: 150 })
      expect(await settings(first).get.get('b')).toMatchObject({ updated_ms: 150 })
    })

    test('units that block each other are run again', async () => {
      const database = await fresh()
      const [one, two] = await Promise.all([database.engine(), database.engine()])
      await one.write([settings(one).put.bind('a', 'x', 0), settings(one).put.bind('b', 'x', 0)])
      const many = (engine: Engine, order: readonly string[]) =>
        engine.write(order.flatMap((each) => Array.from({ length: 100 }, () => settings(engine).raise.bind(each, 1))))
      await Promise.all([many(one, ['a', 'b']), many(two, ['b', 'a'])])
      expect(await settings(one).get.get('a')).toMatchObject({ updated_ms: 200 })
      expect(await settings(one).get.get('b')).toMatchObject({ updated_ms: 200 })
    })

    test('every node hears a notice when its unit is committed, and never one that was undone', async () => {
      const database = await fresh()
      const [one, two] = await Promise.all([database.engine(), database.engine()])
      const heard: string[] = []
      const gaps = new Set<string>()
      for (const [who, engine] of [
        ['one', one],
        ['two', two],
      ] as const) {
        engine.subscribe('x', { notice: (payload) => void heard.push(`${who} ${payload}`), gap: () => void gaps.add(who) })
      }
      const stop = one.subscribe('x', { notice: () => void heard.push('stopped'), gap: () => {} })
      stop()
      await until(() => gaps.size === 2, 'both listen')
      const { put, swap } = settings(one)
      await failureOf(one.write([one.notice('x', 'undone'), expecting(swap.bind('none', '1', '0'), 1)]))
      const startMs = performance.now()
      await one.write([put.bind('a', '1', 0), one.notice('x', 'é first'), one.notice('other', 'no')])
      await two.write([two.notice('x', 'second')])
      await until(() => heard.length >= 4, 'both hear both')
      expect(performance.now() - startMs).toBeLessThan(1_000)
      expect(heard.sort()).toEqual(['one second', 'one é first', 'two second', 'two é first'])
    })

    test('nodes that start at once migrate once', async () => {
      const database = await fresh()
      const nodes = await Promise.all([database.store(), database.store(), database.store()])
      const counts = await Promise.all(nodes.map(({ keys }) => keys.count()))
      expect(counts).toEqual([0, 0, 0])
    })
  })
}
