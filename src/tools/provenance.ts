// Which addresses the conversation has named in a place that the client allows. Only these may be fetched: it is the
// main defence against text that makes a model carry secrets out in an address of its own making.

import type { Block, Message } from '../core/chat.ts'
import type { UrlSource, UrlSources } from './settings.ts'
import { canonicalUrl } from './sources.ts'

/** Addresses that may be fetched; grows while tools run. */
export class KnownUrls {
  readonly #known = new Set<string>()

  add(url: string): void {
    this.#known.add(canonicalUrl(url))
  }

  /** Every address in a text. */
  addFrom(text: string): void {
    for (const url of urlsIn(text)) this.add(url)
  }

  has(url: string): boolean {
    return this.#known.has(canonicalUrl(url))
  }
}

const URL = /https?:\/\/[^\s<>"'`\\^{}|\u3000-\u303f\uff00-\uffef]+/gi
/** `example.com/page` as people write it. Needs a path or `www.`, lest every file name be an address. */
const BARE =
  /(?<![\w@/.:-])(?:www\.[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?=\/))(?:\/[^\s<>"'`\\^{}|\u3000-\u303f\uff00-\uffef]*)?/gi

export function urlsIn(text: string): string[] {
  const found: string[] = []
  for (const [url] of text.matchAll(URL)) found.push(...spellings(url))
  for (const [bare] of text.matchAll(BARE)) found.push(...spellings(`https://${bare}`))
  return found
}

/** With and without what may be punctuation of the sentence around it. */
function spellings(url: string): string[] {
  const trimmed = url.replace(/[.,;:!?*_~]+$/, '')
  const list = [trimmed]
  // A closing bracket belongs to the address only when it was opened there.
  let bare = trimmed
  while (/[)\]]$/.test(bare) && count(bare, bare.endsWith(')') ? '(' : '[') < count(bare, bare[bare.length - 1] as string)) {
    bare = bare.slice(0, -1).replace(/[.,;:!?*_~]+$/, '')
  }
  if (bare !== trimmed) list.push(bare)
  // In markdown the address ends at the first closing parenthesis.
  const cut = trimmed.search(/\)(?=[^)]*$)/)
  if (cut > 0 && !trimmed.slice(0, cut).includes('(')) list.push(trimmed.slice(0, cut))
  return list
}

const count = (text: string, unit: string): number => text.split(unit).length - 1

const takes = (source: UrlSource, tool: string): boolean =>
  source.type === 'all' ||
  (source.type === 'only' && source.tools.includes(tool)) ||
  (source.type === 'except' && !source.tools.includes(tool))

/** All addresses that the history names where the client lets it. */
export function knownUrls(messages: readonly Message[], sources: UrlSources): KnownUrls {
  const known = new KnownUrls()
  const names = new Map<string, string>()
  for (const message of messages) {
    for (const block of message.content) {
      if (block.type === 'tool-call') names.set(block.id, block.name)
      else if (block.type === 'tool-result') {
        if (takes(sources.clientToolResults, block.name ?? names.get(block.callId) ?? '')) addTexts(block.content, known)
      } else if (block.type === 'server-tool-result') {
        if (takes(sources.serverToolResults, block.name)) addResult(block, known)
      } else if (message.role === 'user' && sources.userInput.type === 'all') {
        addTexts([block], known)
      }
    }
  }
  return known
}

function addTexts(blocks: readonly Block[], known: KnownUrls): void {
  for (const block of blocks) {
    if (block.type === 'text') known.addFrom(block.text)
    else if (block.type === 'file' && block.source.kind === 'text') known.addFrom(block.source.text)
    else if ((block.type === 'file' || block.type === 'image') && block.source.kind === 'url') known.add(block.source.url)
  }
}

function addResult(block: Extract<Block, { type: 'server-tool-result' }>, known: KnownUrls): void {
  // Results of other hosted tools never count.
  if (block.name !== 'web_search' && block.name !== 'web_fetch') return
  for (const { url } of block.results ?? []) known.add(url)
  if (block.page === undefined) return
  known.add(block.page.url)
  if (block.page.source.kind === 'text') known.addFrom(block.page.source.text)
}
