// The operator's own documents and sites, indexed by the store. Nothing leaves the machine.

import { defineBackend } from './define.ts'
import { SearchError } from './errors.ts'
import { hosts } from './wire.ts'

export const local = defineBackend({
  id: 'local',
  label: 'Local index',
  docs: 'https://www.sqlite.org/fts5.html',
  credential: 'none',
  credentialEnv: [],
  settings: [],
  priceNanosPerSearch: 0,
  filters: { allow: true, block: false, location: false, timeRange: false },
  maxQueryLength: 1000,
  maxResults: 50,
  returnsText: true,
  async search(query, io) {
    if (io.documents === undefined) throw new SearchError('unavailable', `${io.account.name}: there is no document index`)
    const filtered = (query.blockedDomains?.length ?? 0) > 0
    const found = await ask(io.account.name, () =>
      io.documents?.search({
        text: query.query,
        // Several chunks may come from one document.
        limit: Math.min(50, query.limit * (filtered ? 6 : 3)),
        ...(query.allowedDomains?.length && { hosts: hosts(query.allowedDomains) }),
      }),
    )
    const byUrl = new Map<string, { url: string; title: string; text: string; publishedAt?: string; score: number }>()
    for (const { url, title, text, changedMs, score } of found) {
      const known = byUrl.get(url)
      if (known === undefined) {
        byUrl.set(url, { url, title, text, score, ...(changedMs !== undefined && { publishedAt: new Date(changedMs).toISOString() }) })
      } else if (!known.text.includes(text)) {
        known.text += `\n\n${text}`
      }
    }
    return { results: [...byUrl.values()] }
  },
})

async function ask<T>(name: string, search: () => Promise<readonly T[]> | undefined): Promise<readonly T[]> {
  try {
    return (await search()) ?? []
  } catch (cause) {
    throw new SearchError('unavailable', `${name}: the document index failed`, { cause })
  }
}
