// Pages that a fetch finds in the house and not on the web: the sample corpus, for the sandbox's exchanges, and the files
// of an indexed folder, which have no address but the one the index gave them.

import { fixtureDocuments, type SearchCall, type SearchReply } from '../search/index.ts'
import type { Awaitable, DocumentRepository } from '../store/index.ts'
import type { GuardedGet } from '../tools/index.ts'

export interface HeldPages {
  /** Whether a site is wholly ours: then nothing of it is looked for on the web. */
  owns(url: URL): boolean
  at(url: URL): Awaitable<{ readonly title: string; readonly text: string } | undefined>
}

const samples = new Map(fixtureDocuments.map((document) => [new URL(document.url).href, document]))
const sampleOrigins = new Set([...samples.keys()].map((url) => new URL(url).origin))

export const samplePages: HeldPages = {
  owns: ({ origin }) => sampleOrigins.has(origin),
  at: ({ href }) => samples.get(href),
}

/** The names below `internal` are kept for private use (ICANN, 2024), so no public site can stand there. */
export const indexedPages = (documents: DocumentRepository): HeldPages => ({
  owns: ({ hostname }) => hostname.endsWith('.internal') && !documents.isEmpty(),
  at: ({ href }) => documents.byUrl(href),
})

const PLAIN = new Headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })

export function withHeldPages(get: GuardedGet, held: HeldPages): GuardedGet {
  return async (address, options) => {
    const url = new URL(address)
    url.hash = ''
    if (!held.owns(url)) return get(address, options)
    if (options.judge(url) !== undefined) throw Object.assign(new Error('refused'), { code: 'url_not_allowed' })
    const page = await held.at(url)
    const text = page === undefined ? '' : `${page.title}\n\n${page.text}`
    return { status: page === undefined ? 404 : 200, headers: PLAIN, bytes: new TextEncoder().encode(text), finalUrl: url.href }
  }
}

/** The sample corpus calls nobody. */
export const sampleReply = (_request: SearchCall): Promise<SearchReply> => Promise.reject(new Error('no network in the sandbox'))
