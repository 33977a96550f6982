// The web as the sandbox's exchanges see it: the documents of the sample corpus stand at their addresses, so that a
// fetch of what a search found works without the network. Everything else takes the ordinary, guarded way.

import { fixtureDocuments, type SearchCall, type SearchReply } from '../search/index.ts'
import type { GuardedGet } from '../tools/index.ts'

const documents = new Map(fixtureDocuments.map((document) => [new URL(document.url).href, document]))
const origins = new Set([...documents.keys()].map((url) => new URL(url).origin))

const PLAIN = new Headers({ 'content-type': 'text/plain; charset=utf-8' })

export function withSamplePages(get: GuardedGet): GuardedGet {
  return async (address, options) => {
    const url = new URL(address)
    const document = documents.get(url.href)
    if (document === undefined && !(origins.has(url.origin) && url.pathname === '/robots.txt')) return get(address, options)
    if (options.judge(url) !== undefined) throw Object.assign(new Error('refused'), { code: 'url_not_allowed' })
    const text = document === undefined ? '' : `${document.title}\n\n${document.text}`
    return { status: 200, headers: PLAIN, bytes: new TextEncoder().encode(text), finalUrl: url.href }
  }
}

/** The sample corpus calls nobody. */
export const sampleReply = (_request: SearchCall): Promise<SearchReply> => Promise.reject(new Error('no network in the sandbox'))
