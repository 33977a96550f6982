import { describe, expect, test } from 'bun:test'
import { closeStores, STORES, type StoreKind } from '../../../test/kit/stores.ts'
import type { DocumentRow } from '../schema.ts'
import type { DocumentRepository } from './documents.ts'

const row = (url: string, title: string, ...passages: string[]): DocumentRow => ({
  url,
  collection: 'docs',
  title,
  text: passages.join('\n\n'),
  hash: title,
  indexedMs: 7,
  passages,
})

async function filledIn(kind: StoreKind, rows: readonly DocumentRow[]): Promise<DocumentRepository> {
  const { documents } = await (await kind.fresh()).store()
  await documents.putCollection({ name: 'docs', source: '/docs', refreshedMs: 0 })
  for (const each of rows) await documents.put(each)
  return documents
}

const LEAVE = row('https://kb.example/leave', 'Annual leave', 'Every employee in Germany has 30 days of annual leave.')
const PAGER = row(
  'https://ops.kb.example/pager',
  'On-call',
  'The pager rotation changes on Mondays.',
  'Escalate to the lead after 15 minutes.',
)
const FOOD = row('https://other.example/food', 'Canteen', 'The canteen serves lunch on Mondays and Fridays.')
const ASIA = row('https://kb.example/asia', '長城', '长城是中国古代的军事防御工程，总长度超过两万公里。')
const ALL = [LEAVE, PAGER, FOOD, ASIA]

const urls = async (documents: DocumentRepository, text: string, hosts?: string[]): Promise<string[]> =>
  (await documents.search({ text, limit: 10, ...(hosts && { hosts }) })).map(({ url }) => url)

closeStores()

for (const kind of STORES) {
  const describeKind = describe.skipIf(!kind.installed)
  const filled = (...rows: DocumentRow[]): Promise<DocumentRepository> => filledIn(kind, rows)

  describeKind(`searching on ${kind.name}`, () => {
    test('brings the passage that answers, best first, with a score that falls', async () => {
      const documents = await filled(...ALL)
      const found = await documents.search({ text: 'When does the pager rotation change?', limit: 10 })
      expect(found[0]).toMatchObject({ url: PAGER.url, title: 'On-call', text: 'The pager rotation changes on Mondays.' })
      const both = await documents.search({ text: 'Mondays', limit: 10 })
      expect(both.map(({ url }) => url).sort()).toEqual([PAGER.url, FOOD.url])
      expect(both[0]?.score as number).toBeGreaterThanOrEqual(both[1]?.score as number)
    })

    test('a title counts more than the text', async () => {
      const documents = await filled(
        row('https://a.example/', 'Other', 'Billing is mentioned.'),
        row('https://b.example/', 'Billing', 'How it works.'),
      )
      expect(await urls(documents, 'billing')).toEqual(['https://b.example/', 'https://a.example/'])
    })

    test('a question in a sentence finds what holds its rare words, and one common word is not enough', async () => {
      const documents = await filled(...ALL)
      expect(await urls(documents, 'Please tell me how many days of annual leave a new hire gets')).toEqual([LEAVE.url])
      expect(await urls(documents, 'weather forecast for Paris next Mondays, sunny or rainy')).toEqual([])
      expect(await urls(documents, 'zxqv')).toEqual([])
    })

    test('Chinese and Japanese are found inside their runs', async () => {
      const documents = await filled(...ALL)
      expect(await urls(documents, '长城总长度')).toEqual([ASIA.url])
    })

    test('versions keep their points, accents and word forms do not matter', async () => {
      const documents = await filled(
        row('https://a.example/', 'Release 5.5', 'The café releases version 5.5.'),
        row('https://b.example/', 'Release 5.4', 'Version 5.4.'),
      )
      expect(await urls(documents, '5.5')).toEqual(['https://a.example/'])
      expect((await urls(documents, 'cafe released'))[0]).toBe('https://a.example/')
    })

    test('a host covers what is below it and nothing beside it', async () => {
      const documents = await filled(...ALL)
      expect(await urls(documents, 'Mondays', ['kb.example'])).toEqual([PAGER.url])
      expect(await urls(documents, 'Mondays', ['b.example'])).toEqual([])
      expect(await urls(documents, 'Mondays', ['other.example', 'nowhere.example'])).toEqual([FOOD.url])
    })

    test('no query breaks it', async () => {
      const documents = await filled(...ALL)
      const odd = [
        '"',
        "'",
        '""""',
        'AND',
        'NOT NOT',
        'title:x',
        'pager*',
        '^pager',
        'a NEAR/2 b',
        '(',
        '\0',
        '\ud800',
        'NEAR(',
        '-pager',
        ';DROP TABLE document',
        '%_',
        'x'.repeat(5000),
      ]
      for (const text of [...odd, odd.join(' ')]) await documents.search({ text, limit: 10 })
      expect(await urls(documents, 'pager" OR "leave')).not.toEqual([])
      expect(await documents.search({ text: 'Mondays', limit: 0 })).toEqual([])
    })

    test('one long document leaves room for others', async () => {
      const long = row('https://long.example/', 'Long', ...Array.from({ length: 20 }, (_, n) => `The quota of team ${n} is fixed.`))
      const documents = await filled(
        long,
        row('https://short.example/', 'Short', 'A quota may be raised on request by the owner of the team.'),
      )
      const found = await urls(documents, 'quota')
      expect(found.filter((url) => url === long.url)).toHaveLength(4)
      expect(found).toContain('https://short.example/')
    })
  })

  describeKind(`keeping on ${kind.name}`, () => {
    test('a document at the same address takes the place of the former', async () => {
      const documents = await filled(LEAVE)
      await documents.put({ ...LEAVE, title: 'Leave', hash: 'new', changedMs: 5, passages: ['It is 28 days now.'] })
      expect(await documents.count()).toBe(1)
      expect(await urls(documents, 'Germany')).toEqual([])
      expect((await documents.search({ text: '28 days', limit: 5 }))[0]).toMatchObject({ title: 'Leave', changedMs: 5 })
      expect((await documents.known('docs')).get(LEAVE.url)).toEqual({ hash: 'new', changedMs: 5 })
      expect(await documents.byUrl(LEAVE.url)).toMatchObject({ title: 'Leave', indexedMs: 7 })
    })

    test('a removed one leaves nothing behind', async () => {
      const documents = await filled(...ALL)
      await documents.remove([...ALL.map(({ url }) => url), 'https://unknown.example/'])
      expect(documents.isEmpty()).toBe(true)
      expect(await urls(documents, 'Mondays')).toEqual([])
      await documents.removeCollection('docs')
      expect(await documents.collections()).toEqual([])
    })

    test('collections tell their size', async () => {
      const documents = await filled(...ALL)
      await documents.putCollection({
        name: 'site',
        source: 'https://s.example/sitemap.xml',
        baseUrl: 'https://s.example/',
        refreshedMs: 9,
      })
      expect(await documents.collections()).toEqual([
        { name: 'docs', source: '/docs', refreshedMs: 0, documents: 4 },
        { name: 'site', source: 'https://s.example/sitemap.xml', baseUrl: 'https://s.example/', refreshedMs: 9, documents: 0 },
      ])
    })
  })
}
