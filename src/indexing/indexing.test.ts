import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openStore } from '../store/index.ts'
import { type FetchDeps, pageMemory } from '../tools/index.ts'
import { type Counts, folderDocuments, type ListedDocument, refresh, SourceError, siteDocuments } from './index.ts'

async function index() {
  const { documents } = openStore(':memory:')
  await documents.putCollection({ name: 'c', source: 's', refreshedMs: 0 })
  const failures: string[] = []
  const progress: string[] = []
  return {
    documents,
    failures,
    progress,
    bring: (listed: ListedDocument[], all = false): Promise<Counts> =>
      refresh(listed, {
        collection: 'c',
        documents,
        concurrency: 3,
        all,
        onProgress: ({ done, total }) => void progress.push(`${done}/${total}`),
        onFailure: (label, reason) => void failures.push(`${label}: ${reason}`),
        nowMs: () => 1,
      }),
  }
}

const NOTHING: Counts = { added: 0, changed: 0, unchanged: 0, removed: 0, failed: 0 }

describe('a folder', () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'folder-'))
  const BASE = 'https://kb.internal/'

  test('is read by kind, with titles and addresses', async () => {
    const root = folder()
    mkdirSync(join(root, 'a b'))
    mkdirSync(join(root, '.git'))
    writeFileSync(
      join(root, 'a b', 'ä?.md'),
      '---\ntitle: "From the front"\n---\n# Heading\n\nSee [the form](https://x.example/secret-form). <!-- note -->Done.\n',
    )
    writeFileSync(join(root, 'plain.md'), '\n# The heading #\n\nSome text.\r\n')
    writeFileSync(join(root, 'page.HTML'), '<title>Page &amp; more</title><script>bad()</script><p>Visible words.</p>')
    writeFileSync(join(root, 'notes.txt'), 'Just notes.')
    writeFileSync(join(root, 'broken.pdf'), 'no pdf')
    writeFileSync(join(root, 'image.png'), 'x')
    writeFileSync(join(root, 'md'), 'no suffix')
    writeFileSync(join(root, '.git', 'hidden.md'), 'hidden')
    symlinkSync(root, join(root, 'loop'))
    const { documents, bring, failures, progress } = await index()
    const counts = await bring(await folderDocuments(root, BASE))
    expect(counts).toEqual({ ...NOTHING, added: 4, failed: 1 })
    expect(failures).toEqual(['broken.pdf: it is no readable PDF'])
    expect(progress.at(-1)).toBe('5/5')
    const titled = await Promise.all(
      [...(await documents.known('c')).keys()].map(async (url) => [url, await documents.byUrl(url)] as const),
    )
    expect(titled.map(([url, stored]) => [url, stored?.title, stored?.text]).sort()).toEqual([
      [`${BASE}a%20b/%C3%A4%3F.md`, 'From the front', '# Heading\n\nSee the form. Done.'],
      [`${BASE}notes.txt`, 'notes.txt', 'Just notes.'],
      [`${BASE}page.HTML`, 'Page & more', 'Visible words.'],
      [`${BASE}plain.md`, 'The heading', '# The heading #\n\nSome text.'],
    ])
  })

  test('a second time does nothing; changed, vanished and broken files are told apart', async () => {
    const root = folder()
    for (const name of ['same', 'changes', 'goes']) writeFileSync(join(root, `${name}.md`), `${name} at first`)
    const { documents, bring } = await index()
    const listed = (): Promise<ListedDocument[]> => folderDocuments(root, BASE)
    expect(await bring(await listed())).toEqual({ ...NOTHING, added: 3 })
    expect(await bring(await listed())).toEqual({ ...NOTHING, unchanged: 3 })
    writeFileSync(join(root, 'changes.md'), 'changed later')
    rmSync(join(root, 'goes.md'))
    expect(await bring(await listed())).toEqual({ ...NOTHING, changed: 1, unchanged: 1, removed: 1 })
    expect((await documents.search({ text: 'changed later', limit: 5 })).map(({ url }) => url)).toEqual([`${BASE}changes.md`])
    expect(await documents.count()).toBe(2)
  })

  test('that is not there is an error, not an empty folder', async () => {
    await expect(folderDocuments('/nowhere/at/all', BASE)).rejects.toThrow(SourceError)
  })
})

describe('a site', () => {
  type Served = Record<string, { status?: number; body?: string | Uint8Array; type?: string }>

  /** The site's pages as a table; what is not in it is a 404. */
  function site(served: Served) {
    const asked: string[] = []
    const page: FetchDeps = {
      async get(url) {
        asked.push(url)
        const { status = 200, body = '', type = 'text/html' } = served[url] ?? { status: 404 }
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
        return { status, headers: new Headers({ 'content-type': type }), bytes, finalUrl: url }
      },
      memory: pageMemory(0),
      tenant: 't',
      nowMs: () => 1,
      obeyRobots: true,
    }
    return { asked, options: { page, maxPages: 100 } }
  }

  const MAP = 'https://docs.example/sitemap.xml'
  const map = (...entries: [string, string?][]): string =>
    `<urlset>${entries.map(([loc, date]) => `<url><loc>${loc}</loc>${date === undefined ? '' : `<lastmod>${date}</lastmod>`}</url>`).join('')}</urlset>`
  const html = (title: string, text: string): { body: string } => ({ body: `<title>${title}</title><p>${text} <a href="/x">more</a></p>` })

  test('is followed through an index of maps, packed ones too, and never off the site', async () => {
    const { options } = site({
      [MAP]: {
        body: '<sitemapindex><sitemap><loc>https://docs.example/one.xml.gz</loc></sitemap><sitemap><loc>https://evil.example/two.xml</loc></sitemap><sitemap><loc>https://docs.example/sitemap.xml</loc></sitemap></sitemapindex>',
      },
      'https://docs.example/one.xml.gz': {
        body: gzipSync(map(['https://docs.example/a#part'], ['https://www.docs.example/b'], ['https://evil.example/c'])),
        type: 'application/gzip',
      },
    })
    expect((await siteDocuments(MAP, options)).map(({ url }) => url)).toEqual(['https://docs.example/a', 'https://www.docs.example/b'])
  })

  test('of which only the address is known shows its map in robots.txt or in the usual place', async () => {
    const named = site({
      'https://docs.example/robots.txt': { body: 'User-agent: *\nSitemap: https://docs.example/maps/all.xml' },
      'https://docs.example/maps/all.xml': { body: map(['https://docs.example/a']) },
    })
    expect(await siteDocuments('https://docs.example/', named.options)).toHaveLength(1)
    const usual = site({ [MAP]: { body: map(['https://docs.example/a']) } })
    expect(await siteDocuments('https://docs.example/guide', usual.options)).toHaveLength(1)
  })

  test('pages of an unchanged date are not asked for again, gone ones go, failing ones stay', async () => {
    const served: Served = {
      [MAP]: {
        body: map(
          ['https://docs.example/a', '2025-01-02'],
          ['https://docs.example/b'],
          ['https://docs.example/c'],
          ['https://docs.example/d'],
        ),
      },
      'https://docs.example/a': html('A', 'alpha'),
      'https://docs.example/b': html('B', 'beta'),
      'https://docs.example/c': html('C', 'gamma'),
      'https://docs.example/d': html('D', 'delta'),
    }
    const { documents, bring, failures } = await index()
    const first = site(served)
    expect(await bring(await siteDocuments(MAP, first.options))).toEqual({ ...NOTHING, added: 4 })
    expect(await documents.byUrl('https://docs.example/a')).toMatchObject({ title: 'A', text: 'alpha more' })

    served['https://docs.example/b'] = { status: 503 }
    served['https://docs.example/c'] = { status: 410 }
    served[MAP] = { body: map(['https://docs.example/a', '2025-01-02'], ['https://docs.example/b'], ['https://docs.example/c']) }
    const second = site(served)
    expect(await bring(await siteDocuments(MAP, second.options))).toEqual({ ...NOTHING, unchanged: 1, failed: 1, removed: 2 })
    expect(second.asked).not.toContain('https://docs.example/a')
    expect([...(await documents.known('c')).keys()].sort()).toEqual(['https://docs.example/a', 'https://docs.example/b'])
    expect(failures).toContain('https://docs.example/b: url_not_accessible')

    const third = site(served)
    await bring(await siteDocuments(MAP, third.options), true)
    expect(third.asked).toContain('https://docs.example/a')
  })

  test('its robots.txt is obeyed', async () => {
    const { options } = site({
      [MAP]: { body: map(['https://docs.example/open'], ['https://docs.example/private/x']) },
      'https://docs.example/robots.txt': { body: 'User-agent: *\nDisallow: /private/', type: 'text/plain' },
      'https://docs.example/open': html('Open', 'open text'),
      'https://docs.example/private/x': html('Private', 'private text'),
    })
    const { documents, bring } = await index()
    expect(await bring(await siteDocuments(MAP, options))).toEqual({ ...NOTHING, added: 1 })
    expect([...(await documents.known('c')).keys()]).toEqual(['https://docs.example/open'])
  })

  test('without a readable map is an error, so that nothing is removed', async () => {
    await expect(siteDocuments(MAP, site({ [MAP]: { status: 500 } }).options)).rejects.toThrow(/status 500/)
    await expect(siteDocuments(MAP, site({ [MAP]: { body: '<html></html>' } }).options)).rejects.toThrow(/lists no pages/)
    await expect(siteDocuments('nonsense', site({}).options)).rejects.toThrow(SourceError)
  })
})
