// A tolerant HTML tokenizer: tags, text and nothing else, in one pass over the source whatever its faults. No tree is
// built, so that neither depth nor size of a hostile page can cost more than its length.

import { decodeEntities } from './html-entities.ts'

export type HtmlToken =
  | { readonly type: 'open'; readonly name: string; readonly attributes: ReadonlyMap<string, string>; readonly selfClosing: boolean }
  | { readonly type: 'close'; readonly name: string }
  | { readonly type: 'text'; readonly text: string }
  /** Content of an element that holds no markup: `title`, `style`, … */
  | { readonly type: 'raw'; readonly name: string; readonly text: string }

/** Elements whose content is not parsed as markup. `noscript` and `template` are never shown, so they count too. */
const RAW = new Set(['script', 'style', 'title', 'textarea', 'template', 'noscript', 'iframe', 'noembed', 'noframes', 'xmp', 'plaintext'])
const NAME = /[A-Za-z][^\s/>]*/y
const ATTRIBUTE = /[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y
const MAX_ATTRIBUTES = 60

export function* tokenize(html: string): Generator<HtmlToken> {
  const lower = html.toLowerCase()
  let at = 0
  let text = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    const end = markupEnd(html, open)
    if (end === undefined) {
      at = open + 1
      continue
    }
    if (open > text) yield { type: 'text', text: decodeEntities(html.slice(text, open)) }
    if (typeof end === 'number') {
      at = text = end
      continue
    }
    yield end.token
    at = text = end.end
    if (end.token.type === 'open' && RAW.has(end.token.name) && !end.token.selfClosing) {
      const close = closeOf(lower, end.token.name, at)
      const content = html.slice(at, close)
      yield {
        type: 'raw',
        name: end.token.name,
        text: end.token.name === 'title' || end.token.name === 'textarea' ? decodeEntities(content) : content,
      }
      at = text = close
    }
  }
  if (text < html.length) yield { type: 'text', text: decodeEntities(html.slice(text)) }
}

/** Where raw content ends: at its closing tag, else at the end of the page. */
function closeOf(lower: string, name: string, from: number): number {
  const close = lower.indexOf(`</${name}`, from)
  return close < 0 ? lower.length : close
}

/** What begins at a `<`: a tag, something to skip (its end), or plain text (`undefined`). */
function markupEnd(html: string, open: number): { token: HtmlToken; end: number } | number | undefined {
  const next = html[open + 1]
  if (html.startsWith('<!--', open)) {
    const close = html.indexOf('-->', open + 4)
    return close < 0 ? html.length : close + 3
  }
  if (next === '!' || next === '?') return endOf(html, open)
  if (next === '/') {
    const name = nameAt(html, open + 2)
    // `</` without a name is a comment to browsers.
    if (name === undefined) return endOf(html, open)
    return { token: { type: 'close', name }, end: endOf(html, open) }
  }
  const name = nameAt(html, open + 1)
  return name === undefined ? undefined : openTag(html, open + 1 + name.length, name)
}

function endOf(html: string, from: number): number {
  const close = html.indexOf('>', from)
  return close < 0 ? html.length : close + 1
}

function nameAt(html: string, at: number): string | undefined {
  NAME.lastIndex = at
  return NAME.exec(html)?.[0].toLowerCase()
}

function openTag(html: string, from: number, name: string): { token: HtmlToken; end: number } {
  const attributes = new Map<string, string>()
  let at = from
  for (;;) {
    while (at < html.length && /\s/.test(html[at] as string)) at++
    if (at >= html.length) break
    if (html[at] === '>') return { token: { type: 'open', name, attributes, selfClosing: false }, end: at + 1 }
    if (html.startsWith('/>', at)) return { token: { type: 'open', name, attributes, selfClosing: true }, end: at + 2 }
    ATTRIBUTE.lastIndex = at
    const match = ATTRIBUTE.exec(html)
    if (match === null || match[0] === '') {
      at++
      continue
    }
    const [whole, key = '', double, single, bare] = match
    // Of a repeated attribute the first counts.
    if (attributes.size < MAX_ATTRIBUTES && !attributes.has(key.toLowerCase())) {
      attributes.set(key.toLowerCase(), decodeEntities(double ?? single ?? bare ?? ''))
    }
    at += whole.length
  }
  return { token: { type: 'open', name, attributes, selfClosing: false }, end: html.length }
}
