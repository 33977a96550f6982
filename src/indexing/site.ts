// The pages that a site lists in its site map (sitemaps.org) as documents. Every address goes through the address guard,
// robots.txt is obeyed as for any page, and what lies on other sites is left out.

import { createHash } from 'node:crypto'
import { inflateBody } from '../lib/platform/runtime.ts'
import { decodeText, type FetchDeps, readPage, readSiteMap, webUrl } from '../tools/index.ts'
import { type ListedDocument, READING_VERSION, type Reading, reasonOf, SourceError } from './source.ts'

/** Bounds of one site: an index of site maps may list itself, or the whole web. */
const MAX_MAPS = 500
const MAX_MAP_BYTES = 50 * 1024 * 1024

export interface SiteOptions {
  /** How pages are reached and read. */
  readonly page: FetchDeps
  readonly maxPages: number
}

type Page = ReturnType<typeof readSiteMap>['pages'][number]

/** @throws SourceError when the site map cannot be read or lists no page. */
export async function siteDocuments(address: string, options: SiteOptions): Promise<ListedDocument[]> {
  const start = webUrl(address)
  if (start === undefined) throw new SourceError(`${address} is no web address`)
  const pages = await listedPages(start, options)
  if (pages.size === 0) throw new SourceError(`${start.href} lists no pages of its site`)
  return [...pages.values()].map((page) => ({
    url: page.url,
    label: page.url,
    trustsDate: true,
    ...(page.changedMs !== undefined && { changedMs: page.changedMs }),
    read: (knownHash) => readDocument(new URL(page.url), { start, knownHash, ...options }),
  }))
}

async function listedPages(start: URL, { page, maxPages }: SiteOptions): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>()
  const seen = new Set<string>()
  const queue = await mapsOf(start, page)
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next) || seen.size >= MAX_MAPS || pages.size >= maxPages) continue
    seen.add(next)
    const map = readSiteMap(await mapText(next, page))
    for (const url of map.maps) if (sameSite(start, new URL(url))) queue.push(url)
    for (const entry of map.pages) {
      const url = new URL(entry.url)
      url.hash = ''
      if (pages.size < maxPages && sameSite(start, url)) pages.set(url.href, { ...entry, url: url.href })
    }
  }
  return pages
}

/** The address itself when it looks like a site map; else the ones that the site's robots.txt names, or the usual place. */
async function mapsOf(start: URL, page: FetchDeps): Promise<string[]> {
  if (/\.(?:xml|txt|gz)$/i.test(start.pathname) || start.search !== '') return [start.href]
  const robots = await mapText(`${start.origin}/robots.txt`, page).catch(() => '')
  const named = [...robots.matchAll(/^[ \t]*sitemap[ \t]*:[ \t]*(\S+)/gim)].flatMap(([, url = '']) => webUrl(url)?.href ?? [])
  return named.length > 0 ? named : [`${start.origin}/sitemap.xml`]
}

async function mapText(url: string, { get, signal, contact }: FetchDeps): Promise<string> {
  try {
    const headers = { 'user-agent': `SwitchyardBot/1.0${contact === undefined ? '' : ` (+${contact})`}`, accept: 'application/xml,text/*' }
    const answer = await get(url, { judge: () => undefined, headers, maxBytes: MAX_MAP_BYTES, ...(signal && { signal }) })
    if (answer.status !== 200) throw new Error(`status ${answer.status}`)
    const { bytes } = answer
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
    const plain = packed ? (inflateBody(new Uint8Array(bytes), 'gzip', MAX_MAP_BYTES) ?? bytes) : bytes
    return decodeText(plain, answer.headers.get('content-type'))
  } catch (thrown) {
    throw new SourceError(`${url}: ${reasonOf(thrown)}`)
  }
}

/** The same host, with or without `www.`, or one below the other. */
function sameSite(start: URL, other: URL): boolean {
  const a = start.hostname.replace(/^www\./, '')
  const b = other.hostname.replace(/^www\./, '')
  return a === b || b.endsWith(`.${a}`) || a.endsWith(`.${b}`)
}

interface PageReading extends SiteOptions {
  readonly start: URL
  readonly knownHash: string | undefined
}

async function readDocument(url: URL, { start, knownHash, page: deps }: PageReading): Promise<Reading> {
  let status = 0
  try {
    const { page } = await readPage(url, {
      ...deps,
      async get(address, options) {
        const answer = await deps.get(address, options)
        status = answer.status
        return answer
      },
      useCache: false,
      mayVisit: (hop) => sameSite(start, hop),
    })
    const text = page.text.replace(/\[([^\]\n]{0,500})\]\(https?:[^()\s]{0,2000}\)/g, '$1')
    const hash = createHash('sha256').update(`${READING_VERSION} ${page.title}\n${text}`).digest('hex')
    return hash === knownHash ? { state: 'same' } : { state: 'read', hash, title: page.title, text }
  } catch (thrown) {
    const code = (thrown as { code?: unknown } | null)?.code
    if (status === 404 || status === 410) return { state: 'gone', reason: `status ${status}` }
    if (code === 'url_not_allowed' || code === 'unsupported_content_type') return { state: 'gone', reason: code }
    return { state: 'failed', reason: typeof code === 'string' ? code : reasonOf(thrown) }
  }
}
