// Claude without hosted search (Bedrock, or a filter that must be ours) cites by itself when results come as
// `search_result` blocks. They are handed over that way, and the places it cites are rewritten into web results.
// Shape: https://platform.claude.com/docs/en/build-with-claude/search-results

import type { Citation, TextBlock } from '../core/chat.ts'
import type { JsonObject } from '../lib/json.ts'
import { bestQuote, type CiteContext, citationsFor, sentenceSpans } from './cite.ts'
import { visible } from './clean.ts'
import type { Source } from './sources.ts'

const FORMAT = 'anthropic-messages'

/** One block per source. Claude quotes whole inner blocks, so each sentence is one. */
export const claudeSearchResults = (sources: readonly Source[]): TextBlock[] =>
  sources.map((source) => {
    const sentences = source.passages.flatMap((passage) => sentenceSpans(passage).map(([start, end]) => visible(passage.slice(start, end))))
    const texts = sentences.filter((text) => text.trim() !== '')
    const content = (texts.length > 0 ? texts : [source.title || source.url]).map((text): JsonObject => ({ type: 'text', text }))
    const wire: JsonObject = { type: 'search_result', source: source.url, title: source.title, content, citations: { enabled: true } }
    return { type: 'text', text: [source.title, source.url, ...sentences].join('\n'), extensions: { [FORMAT]: { wire } } }
  })

/** A place in one of our `search_result` blocks as a place in a web result; any other citation stays as it is. */
export function rewriteClaudeCitation(citation: Citation, ctx: CiteContext): Citation {
  const wire = citation.extensions?.[FORMAT]
  const url = typeof wire?.source === 'string' ? wire.source : citation.url
  const number = citation.kind === 'search-result' && url !== undefined ? ctx.sources.byUrl(url) : undefined
  const source = number === undefined ? undefined : ctx.sources.get(number)
  if (number === undefined || source === undefined) return citation
  const quoted = citation.citedText ?? ''
  // The quote is looked up again in the source, so that it is a true substring however blocks were joined.
  return citationsFor(quoted === '' ? bestQuote('', source.passages).text : quoted, [number], ctx)[0] ?? citation
}
