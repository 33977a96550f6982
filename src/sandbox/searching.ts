// Hosted search and fetch over the fixed corpus: whether to run them, and what is said about the results.

import { firstSentence, type Hit, pageAt, permitted, searchCorpus } from './corpus.ts'
import type { HostedSearch, Prompt } from './prompt.ts'
import type { Block, SearchBlock } from './script.ts'

const ASKS = /\b(search|look up|find out|latest|news|today|recently|on the web|online|internet|weather|who is|typescript|shannon|paris)\b/i

export const asksForSearch = (text: string): boolean => ASKS.test(text)

/** Whether a model would search here: always when nothing else is declared, else when the text sounds like it. */
export function wantsSearch({ search, text, tools, toolChoice }: Prompt): boolean {
  if (search === undefined || toolChoice.mode === 'none') return false
  return search.forced || tools.length === 0 || asksForSearch(text)
}

const URL_IN_TEXT = /https?:\/\/[^\s<>"')\]]+/

export const urlIn = (text: string): string | undefined => URL_IN_TEXT.exec(text)?.[0]?.replace(/[.,;:!?]+$/, '')

/** Whether a model would fetch a page: the user gave an address. */
export const wantsFetch = ({ fetch, text, toolChoice }: Prompt): boolean =>
  fetch !== undefined && toolChoice.mode !== 'none' && (fetch.forced || URL_IN_TEXT.test(text))

/** Searches as often as asked (`search 3 times`), then answers with citations. */
export function searched(prompt: Prompt): Block[] {
  const tool = prompt.search ?? { allowed: [], blocked: [], forced: false }
  const query = queryOf(prompt.text)
  const count = repeats(prompt.text)
  const blocks: Block[] = [{ kind: 'text', text: 'I will search for that.' }]
  const found = new Map<string, Hit>()
  for (let i = 0; i < count; i++) {
    const search = oneSearch(i === 0 ? query : `${query} (${i + 1})`, i, tool)
    blocks.push(search)
    if (typeof search.outcome !== 'string') for (const hit of search.outcome) found.set(hit.url, hit)
  }
  return [...blocks, ...summary([...found.values()])]
}

function oneSearch(query: string, index: number, tool: HostedSearch): SearchBlock {
  if (tool.maxUses !== undefined && index >= tool.maxUses) return { kind: 'search', query, outcome: 'max_uses_exceeded' }
  if (query === '') return { kind: 'search', query, outcome: 'invalid_tool_input' }
  return { kind: 'search', query, outcome: searchCorpus(query, tool) }
}

export function queryOf(text: string): string {
  const asked = /search for the query:\s*(.+)/is.exec(text)?.[1] ?? text
  return asked.replace(/\s+/g, ' ').trim().slice(0, 200)
}

function repeats(text: string): number {
  const found = /\bsearch (\d+|twice|three) ?(times)?\b/i.exec(text)?.[1]?.toLowerCase()
  if (found === undefined) return 1
  return found === 'twice' ? 2 : found === 'three' ? 3 : Math.min(Math.max(Number(found), 1), 10)
}

const CITED = 3

function summary(hits: readonly Hit[]): Block[] {
  if (hits.length === 0) return [{ kind: 'text', text: 'The sandbox found nothing about that in its small corpus.' }]
  const blocks: Block[] = [{ kind: 'text', text: 'The Switchyard sandbox found this: ' }]
  for (const [index, hit] of hits.slice(0, CITED).entries()) {
    if (index > 0) blocks.push({ kind: 'text', text: ' ' })
    blocks.push({ kind: 'text', text: firstSentence(hit), cites: [hit] })
  }
  blocks.push({ kind: 'text', text: '\n\nNo model was asked and no network was used.' })
  return blocks
}

/** Fetches the address in the user's text from the corpus. */
export function fetched(prompt: Prompt): Block[] {
  const url = urlIn(prompt.text)
  if (url === undefined) return [{ kind: 'text', text: 'There is no address in the message for the sandbox to fetch.' }]
  const hit = pageAt(url)
  const allowed = URL.canParse(url) && permitted(url, prompt.fetch ?? { allowed: [], blocked: [] })
  const outcome = !allowed ? 'url_not_allowed' : url.length > 250 ? 'url_too_long' : (hit ?? 'url_not_accessible')
  const text =
    typeof outcome === 'string' ? `The sandbox could not fetch that page (${outcome}).` : `The page begins: ${firstSentence(outcome)}`
  return [
    { kind: 'fetch', url, outcome },
    { kind: 'text', text },
  ]
}
