// Cited text as OpenAI prints it: the claim, then a markdown link to its source, which the annotation spans.

import type { Hit } from './corpus.ts'
import type { Block } from './script.ts'

export interface Link {
  readonly start: number
  readonly end: number
  readonly url: string
  readonly title: string
}

/** Text of a block with its links; `offset` is the length of the text before it, in code points. */
export function linked(block: Block & { kind: 'text' }, offset: number): { text: string; links: Link[] } {
  let text = block.text
  const links = (block.cites ?? []).map((hit: Hit) => {
    const link = `([${new URL(hit.url).hostname}](${hit.url}))`
    const start = offset + Array.from(text).length + 1
    text += ` ${link}`
    return { start, end: start + link.length, url: hit.url, title: hit.title }
  })
  return { text, links }
}
