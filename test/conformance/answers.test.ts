// Kept answers on every storage engine.

import { describe, expect, test } from 'bun:test'
import { prefixedId } from '../../src/lib/ids.ts'
import { closeStores, STORES } from '../kit/stores.ts'

closeStores()

for (const { name, installed, fresh } of STORES) {
  describe.skipIf(!installed)(`answers on ${name}`, () => {
    test('an answer is kept once, found by every node, and forgotten with its time', async () => {
      const database = await fresh()
      const [one, two] = [await database.store(), await database.store()]
      const [old, young] = [prefixedId('req', 2_000), prefixedId('req', 3_000)]
      await one.answers.keep(old, '{"old":12345678901234567890}')
      await one.answers.keep(old, '{"other":true}')
      await one.answers.keep(young, `{"text":"${'ü€😀'.repeat(100_000)}"}`)
      expect(await two.answers.byId(old)).toBe('{"old":12345678901234567890}')
      expect((await two.answers.byId(young))?.length).toBe(400_011)
      expect(await two.answers.byId('req_unknown')).toBeUndefined()
      await two.answers.prune(3_000)
      expect(await one.answers.byId(old)).toBeUndefined()
      expect(await one.answers.byId(young)).toBeDefined()
    })
  })
}
