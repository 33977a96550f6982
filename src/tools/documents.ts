// Preparing the operator's own pages for the local index: what a site map lists, and how a document is cut for indexing.

import { webUrl } from './domains.ts'
import { decodeEntities } from './html-entities.ts'
import { cutPassages } from './passages.ts'

export interface SiteMap {
  readonly pages: readonly { readonly url: string; readonly changedMs?: number }[]
  /** Further site maps to read. */
  readonly maps: readonly string[]
}

/** Reads a site map or an index of site maps; one address a line is a site map too (sitemaps.org). */
export function readSiteMap(text: string): SiteMap {
  if (!/<(?:urlset|sitemapindex)\b/i.test(text)) {
    const urls = text.split(/\r?\n/).flatMap((line) => webUrl(line.trim())?.href ?? [])
    return { pages: urls.map((url) => ({ url })), maps: [] }
  }
  const pages: { url: string; changedMs?: number }[] = []
  const maps: string[] = []
  for (const [, kind, entry = ''] of text.matchAll(/<(url|sitemap)\b[^>]*>([\s\S]*?)<\/\1>/gi)) {
    const url = webUrl(member(entry, 'loc') ?? '')?.href
    if (url === undefined) continue
    if (kind?.toLowerCase() === 'sitemap') maps.push(url)
    else {
      const changedMs = Date.parse(member(entry, 'lastmod') ?? '')
      pages.push({ url, ...(Number.isFinite(changedMs) && { changedMs }) })
    }
  }
  return { pages, maps }
}

function member(entry: string, name: string): string | undefined {
  const found = new RegExp(`<${name}\\b[^>]*>\\s*(?:<!\\[CDATA\\[)?([^<\\]]*)`, 'i').exec(entry)?.[1]
  return found === undefined ? undefined : decodeEntities(found).trim()
}

/** Units of text in one indexed chunk, some 250 words. */
const CHUNK_UNITS = 1600

/** Chunks for indexing; each but the first repeats the end of the one before, so that no sentence loses its context. */
export function indexChunks(text: string): string[] {
  const passages = cutPassages(text, CHUNK_UNITS / 4)
  const chunks: string[] = []
  for (let at = 0; at < passages.length; at += 3) chunks.push(passages.slice(Math.max(0, at - 1), at + 3).join('\n\n'))
  return chunks
}
