// HTML to text that a model can read: what a visitor sees, the main content where the page marks it, as light markdown.
// Scripts never run. The result is linear in the page's length.

import { visible } from './clean.ts'
import { webUrl } from './domains.ts'
import { isHidden, learnHidden, noHiddenNames } from './hidden.ts'
import { type HtmlToken, tokenize } from './html.ts'

export interface PageText {
  /** From `og:title`, `title` or the first heading. */
  readonly title?: string
  readonly text: string
}

export interface PageOptions {
  /** Address of the page, against which links are resolved. */
  readonly url: string
  /** Writes links as `[text](address)`. Off: their text alone. */
  readonly links: boolean
}

type Region = 'main' | 'side' | 'body'

interface Block {
  readonly text: string
  readonly region: Region
  /** Units of the text that stand in links. */
  readonly linked: number
  readonly code: boolean
}

interface Open {
  readonly name: string
  readonly hidden: boolean
  readonly region: Region
}

const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '))
/** Never text for a reader. */
const SKIPPED = new Set(
  'script style template noscript iframe noembed noframes object canvas audio video svg math select datalist head button dialog textarea progress meter map'.split(
    ' ',
  ),
)
const BLOCKS = new Set(
  'address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
)
const SIDE = new Set(['nav', 'aside', 'footer', 'form'])
const SIDE_ROLES = new Set(['navigation', 'banner', 'contentinfo', 'complementary', 'search', 'dialog', 'alertdialog', 'menu', 'menubar'])
/** An opening one ends an open one of its kind. */
const SIBLINGS: Readonly<Record<string, readonly string[]>> = {
  li: ['li'],
  dt: ['dt', 'dd'],
  dd: ['dt', 'dd'],
  tr: ['tr', 'td', 'th'],
  td: ['td', 'th'],
  th: ['td', 'th'],
  option: ['option'],
}
/** What a sibling may not be looked for beyond. */
const FENCES: Readonly<Record<string, ReadonlySet<string>>> = {
  li: new Set(['ul', 'ol', 'menu']),
  dt: new Set(['dl']),
  dd: new Set(['dl']),
  tr: new Set(['table']),
  td: new Set(['table', 'tr']),
  th: new Set(['table', 'tr']),
  option: new Set(['select']),
}
const MAX_DEPTH = 1000
/** A page marks its main content usefully when there is this much of it. */
const ENOUGH_UNITS = 200

export function htmlToText(html: string, options: PageOptions): PageText {
  const reader = new PageReader(options)
  for (const token of tokenize(html)) reader.take(token)
  return reader.result()
}

class PageReader {
  readonly #options: PageOptions
  readonly #names = noHiddenNames()
  readonly #stack: Open[] = []
  readonly #blocks: Block[] = []
  #base: string
  #ogTitle: string | undefined
  #title: string | undefined
  #heading: string | undefined
  // The block being written.
  #text = ''
  #linked = 0
  #prefix = ''
  #lists: (number | undefined)[] = []
  #link: { readonly from: number; readonly href: string } | undefined
  #pre = 0

  constructor(options: PageOptions) {
    this.#options = options
    this.#base = options.url
  }

  take(token: HtmlToken): void {
    if (token.type === 'text') this.#write(token.text)
    else if (token.type === 'raw') this.#raw(token.name, token.text)
    else if (token.type === 'open') this.#open(token)
    else this.#close(token.name)
  }

  result(): PageText {
    this.#flush()
    const title = visible(this.#ogTitle ?? this.#title ?? this.#heading ?? '')
      .replace(/\s+/g, ' ')
      .trim()
    const text = chosen(this.#blocks)
      .map((block) => block.text)
      .join('\n\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
    return { ...(title !== '' && { title }), text }
  }

  #raw(name: string, text: string): void {
    if (name === 'style') learnHidden(text, this.#names)
    if (name === 'title' && !this.#stack.some((open) => open.name === 'svg')) this.#title ??= text
  }

  #open(token: Extract<HtmlToken, { type: 'open' }>): void {
    const { name, attributes } = token
    if (name === 'meta') return this.#meta(attributes)
    if (name === 'base') {
      const href = attributes.get('href')
      if (href !== undefined && URL.canParse(href, this.#options.url)) this.#base = new URL(href, this.#options.url).href
      return
    }
    this.#closeImplied(name)
    if (BLOCKS.has(name)) this.#flush()
    const inside = this.#stack[this.#stack.length - 1]
    if (inside?.hidden !== true) this.#begin(name, attributes)
    if (VOID.has(name) || (token.selfClosing && !BLOCKS.has(name))) return
    // Deeper than any honest page; its text still counts, as part of what it stands in.
    if (this.#stack.length >= MAX_DEPTH) return
    this.#stack.push({
      name,
      hidden: inside?.hidden === true || SKIPPED.has(name) || isHidden(attributes, this.#names),
      region: this.#regionOf(name, attributes, inside?.region ?? 'body'),
    })
  }

  #regionOf(name: string, attributes: ReadonlyMap<string, string>, outer: Region): Region {
    const role = attributes.get('role')?.toLowerCase() ?? ''
    if (outer === 'side' || SIDE.has(name) || SIDE_ROLES.has(role)) return 'side'
    // The head of an article holds its title; the head of a page holds menus.
    if (name === 'header' && outer !== 'main') return 'side'
    return name === 'main' || name === 'article' || role === 'main' || role === 'article' ? 'main' : outer
  }

  /** What a visible element adds to the text by itself. */
  #begin(name: string, attributes: ReadonlyMap<string, string>): void {
    if (name === 'br') this.#text = `${this.#pre > 0 ? this.#text : this.#text.trimEnd()}\n`
    else if (name === 'ul' || name === 'menu') this.#lists.push(undefined)
    else if (name === 'ol') this.#lists.push(1)
    else if (name === 'li') this.#prefix = this.#bullet()
    else if (/^h[1-6]$/.test(name)) this.#prefix = `${'#'.repeat(Number(name[1]))} `
    else if (name === 'td' || name === 'th') this.#prefix = '| '
    else if (name === 'pre') this.#pre++
    else if (name === 'code' && this.#pre === 0) this.#text += '`'
    else if (name === 'a' && attributes.has('href')) this.#link = { from: this.#text.length, href: attributes.get('href') as string }
  }

  #bullet(): string {
    const depth = Math.max(0, this.#lists.length - 1)
    const last = this.#lists[this.#lists.length - 1]
    if (last !== undefined) this.#lists[this.#lists.length - 1] = last + 1
    return `${'  '.repeat(Math.min(depth, 8))}${last === undefined ? '-' : `${last}.`} `
  }

  #meta(attributes: ReadonlyMap<string, string>): void {
    if (attributes.get('property')?.toLowerCase() === 'og:title') this.#ogTitle ??= attributes.get('content')
  }

  #close(name: string): void {
    const at = this.#stack.findLastIndex((open) => open.name === name)
    if (at < 0) {
      if (name === 'p') this.#flush()
      return
    }
    while (this.#stack.length > at) this.#pop()
  }

  /** Elements whose end tag may be left out. */
  #closeImplied(name: string): void {
    if (name === 'body' && this.#stack.some((open) => open.name === 'head')) this.#close('head')
    if (BLOCKS.has(name) && !['html', 'body', 'head'].includes(name)) {
      const top = this.#stack[this.#stack.length - 1]
      if (top?.name === 'p') this.#pop()
      if (top?.name === 'head') this.#pop()
    }
    const siblings = SIBLINGS[name]
    if (siblings === undefined) return
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const open = this.#stack[i] as Open
      if (siblings.includes(open.name)) {
        while (this.#stack.length > i) this.#pop()
        return
      }
      if (FENCES[name]?.has(open.name)) return
    }
  }

  #pop(): void {
    const open = this.#stack[this.#stack.length - 1] as Open
    const outer = this.#stack[this.#stack.length - 2]
    if (BLOCKS.has(open.name)) this.#flush()
    this.#stack.pop()
    if (outer?.hidden === true) return
    if (open.name === 'ul' || open.name === 'ol' || open.name === 'menu') this.#lists.pop()
    else if (open.name === 'pre') this.#pre = Math.max(0, this.#pre - 1)
    else if (open.name === 'code' && this.#pre === 0) this.#text += '`'
    else if (open.name === 'a') this.#endLink()
    else if (open.name === 'tr') this.#endRow()
  }

  #endLink(): void {
    const link = this.#link
    this.#link = undefined
    if (link === undefined || link.from >= this.#text.length) return
    const label = this.#text.slice(link.from)
    this.#linked += label.length
    const target = this.#options.links && URL.canParse(link.href, this.#base) ? webUrl(new URL(link.href, this.#base).href) : undefined
    const plain = label.trim()
    if (target === undefined || plain === '' || link.href.startsWith('#') || /[[\]\n]/.test(plain)) return
    const space = label.slice(0, label.length - label.trimStart().length)
    this.#text = `${this.#text.slice(0, link.from)}${space}[${plain}](${target.href.replace(/\)/g, '%29')})${label.endsWith(' ') ? ' ' : ''}`
  }

  /** Cells were written as blocks of their own; a row is one line. */
  #endRow(): void {
    let at = this.#blocks.length
    while (at > 0 && (this.#blocks[at - 1] as Block).text.startsWith('| ')) at--
    const cells = this.#blocks.splice(at)
    const first = cells[0]
    if (first === undefined) return
    const text = `${cells.map((cell) => cell.text.replace(/\s+/g, ' ')).join(' ')} |`
    this.#blocks.push({ text: ` ${text}`, region: first.region, linked: cells.reduce((sum, cell) => sum + cell.linked, 0), code: false })
  }

  #write(written: string): void {
    const text = visible(written)
    const top = this.#stack[this.#stack.length - 1]
    if (top?.hidden === true) return
    if (this.#pre > 0) {
      this.#text += text
      return
    }
    const collapsed = text.replace(/[\s\u00a0]+/g, ' ')
    this.#text += this.#text === '' || /\s$/.test(this.#text) ? collapsed.trimStart() : collapsed
  }

  #flush(): void {
    if (this.#link !== undefined) this.#endLink()
    const code = this.#pre > 0
    const body = code ? this.#text.replace(/^\n+|\s+$/g, '') : this.#text.trim()
    const prefix = this.#prefix
    const linked = this.#linked
    this.#text = ''
    this.#linked = 0
    if (body === '') return
    this.#prefix = ''
    const top = this.#stack[this.#stack.length - 1]
    if (prefix.startsWith('# ')) this.#heading ??= body
    const text = code ? `\`\`\`\n${body}\n\`\`\`` : prefix + body
    this.#blocks.push({ text, region: top?.region ?? 'body', linked, code })
  }
}

/** The blocks to keep: the marked main content, else all but the frame of the page, else everything. */
function chosen(blocks: readonly Block[]): readonly Block[] {
  const size = (list: readonly Block[]): number => list.reduce((sum, block) => sum + block.text.length, 0)
  const content = (list: readonly Block[]): Block[] =>
    list.filter((block) => block.code || block.text.length >= 200 || block.linked < block.text.length * 0.6)
  const main = blocks.filter((block) => block.region === 'main')
  const framed = blocks.filter((block) => block.region !== 'side')
  for (const list of [content(main), main, content(framed), framed]) if (size(list) >= ENOUGH_UNITS) return join(list)
  return join(framed.length > 0 ? framed : blocks)
}

/** Rows of one table and items of one list stand on neighbouring lines. */
function join(blocks: readonly Block[]): Block[] {
  const joined: Block[] = []
  const kind = (text: string): string => (text.startsWith(' | ') ? 'row' : /^\s*(?:-|\d+\.) /.test(text) ? 'item' : '')
  let last = ''
  for (const block of blocks) {
    const own = block.code ? '' : kind(block.text)
    const previous = joined[joined.length - 1]
    const text = own === 'row' ? block.text.slice(1) : block.text
    if (own !== '' && own === last && previous !== undefined) joined[joined.length - 1] = { ...previous, text: `${previous.text}\n${text}` }
    else joined.push({ ...block, text })
    last = own
  }
  return joined
}
