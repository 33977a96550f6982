// First half of the citation parser: one UTF-16 unit at a time, it tells source markers from text that merely looks
// like one. A construct that could become a marker, code or math is held until it is decided; what it was not is fed
// through again behind its first character. So the result never depends on where the upstream cut the text.

/** Which sources may be meant. */
export interface MarkerSources {
  /** Highest source number known so far; it grows while searches run. */
  count(): number
  /** Number of the source at an address, if it is one of ours. */
  byUrl(url: string): number | undefined
}

export type MarkerToken =
  | { readonly type: 'unit'; readonly unit: string }
  /** Units that mean nothing to anybody, in one piece: it is the same as one token for each. */
  | { readonly type: 'run'; readonly text: string }
  /** Text without borders or markers inside: code, math, foreign links. */
  | { readonly type: 'verbatim'; readonly text: string }
  /** `label` is text of the marker that stays visible: the title of a link. */
  | { readonly type: 'marker'; readonly sources: readonly number[]; readonly label: string; readonly raw: string }
  /** Shaped like a marker, but no such source: it stays as text. */
  | { readonly type: 'unknown-marker'; readonly text: string }

type Verdict =
  | { readonly is: 'open' }
  | { readonly is: 'not' }
  /** Decided; `rest` units at the end belong to what follows. */
  | { readonly is: 'done'; readonly token: MarkerToken; readonly rest: number }

const OPEN: Verdict = { is: 'open' }
const NOT: Verdict = { is: 'not' }

const MAX_BRACKET = 300
const MAX_LINK = 2400
const MAX_CODE = 400
const MAX_MATH = 800
const MAX_RANGE = 20

const NUMBER = '[0-9０-９]{1,3}'
const ITEM = `(?:(?:sources?|citations?|refs?)[\\s:#]*)?${NUMBER}(?:\\s?[-–—]\\s?${NUMBER})?`
const LIST = new RegExp(`^\\s*${ITEM}(?:\\s?[,;，、]\\s?${ITEM})*\\s*$`, 'i')
const LENTICULAR = new RegExp(`^(\\s*${ITEM}(?:\\s?[,;，、]\\s?${ITEM})*\\s*)(?:†[^】]*)?$`, 'i')
/** Nothing but the beginning of a marker: dropped when the text ends here. */
const DANGLING = /^(?:\^?\[{1,2}|【|［)\s*(?:(?:sources?|citations?|refs?)[\s:#]*)?[0-9０-９,;\s\-–—]*[\]】］]?(?:†[^】]*)?$/i

/** Letters, digits, space and the punctuation that neither ends a sentence nor begins anything. */
const isOrdinary = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x20 ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2c ||
  code === 0x27 ||
  (code >= 0xc0 && code < 0x2000) ||
  (code >= 0x4e00 && code < 0xa000)

export class MarkerLexer {
  readonly #sources: MarkerSources
  readonly #parentheses: boolean
  #held = ''
  #fence: { readonly unit: string; readonly length: number; opening: boolean } | undefined
  /** Text of the current line so far, cut: enough to tell a fence. */
  #line = ''
  #previous = ''

  /** @param parentheses also takes `(1)`: only for models that were told to write it. */
  constructor(sources: MarkerSources, parentheses: boolean) {
    this.#sources = sources
    this.#parentheses = parentheses
  }

  push(text: string, emit: (token: MarkerToken) => void): void {
    for (let i = 0; i < text.length; ) {
      let end = i
      if (this.#held === '' && this.#fence === undefined) while (end < text.length && isOrdinary(text.charCodeAt(end))) end++
      if (end === i) {
        this.#take(text[i++] as string, emit)
        continue
      }
      const run = text.slice(i, end)
      this.#seen(run)
      emit({ type: 'run', text: run })
      i = end
    }
  }

  end(emit: (token: MarkerToken) => void): void {
    while (this.#held !== '') {
      const held = this.#held
      this.#held = ''
      // One more unit decides what waits for its follower.
      const verdict = this.#judge(`${held}\n`)
      if (verdict.is === 'done' && verdict.rest <= 1) return this.#out(verdict.token, emit)
      if (DANGLING.test(held)) return
      const link = /^\[([^\]]*)\]\(/.exec(held)
      const numbers = link === null ? undefined : this.#numbers(link[1] as string)
      if (numbers?.length) return this.#out({ type: 'marker', sources: numbers, label: '', raw: held }, emit)
      this.#plain(held[0] as string, emit)
      for (const unit of held.slice(1)) for (let i = 0; i < unit.length; i++) this.#take(unit[i] as string, emit)
    }
  }

  #take(unit: string, emit: (token: MarkerToken) => void): void {
    // Units that wait to be read again, last first.
    const waiting = [unit]
    while (waiting.length > 0) {
      const next = waiting.pop() as string
      if (this.#fence !== undefined) {
        this.#inFence(next, emit)
        continue
      }
      if (this.#held === '' && !this.#startsSomething(next)) {
        this.#plain(next, emit)
        continue
      }
      const held = this.#held + next
      const verdict = this.#judge(held)
      if (verdict.is === 'open') {
        this.#held = held
        continue
      }
      this.#held = ''
      const rest = verdict.is === 'done' ? held.slice(held.length - verdict.rest) : held.slice(1)
      if (verdict.is === 'done') this.#out(verdict.token, emit)
      else this.#plain(held[0] as string, emit)
      for (let i = rest.length - 1; i >= 0; i--) waiting.push(rest[i] as string)
    }
  }

  #plain(unit: string, emit: (token: MarkerToken) => void): void {
    this.#seen(unit)
    emit({ type: 'unit', unit })
  }

  #out(token: MarkerToken, emit: (token: MarkerToken) => void): void {
    this.#seen(token.type === 'marker' ? token.raw : token.type === 'unit' ? token.unit : token.text)
    emit(token)
  }

  #seen(text: string): void {
    this.#previous = text[text.length - 1] ?? this.#previous
    const newline = text.lastIndexOf('\n')
    this.#line = (newline < 0 ? this.#line + text : text.slice(newline + 1)).slice(0, 200)
  }

  #startsSomething(unit: string): boolean {
    switch (unit) {
      case '[':
      case '【':
      case '［':
        return true
      case '^':
      case '`':
      case '$':
      case '\\':
        return this.#previous !== '\\'
      case '~':
        return this.#line.trim() === ''
      case '(':
        return this.#parentheses
      default:
        return false
    }
  }

  #judge(held: string): Verdict {
    switch (held[0]) {
      case '`':
      case '~':
        return this.#judgeCode(held)
      case '$':
        return judgeDollar(held)
      case '\\':
        return judgeBackslash(held)
      case '【':
        return this.#judgeClosed(held, { close: '】', pattern: LENTICULAR, max: 80 })
      case '［':
        return this.#judgeClosed(held, { close: '］', pattern: LIST, max: 80 })
      case '(':
        return this.#judgeClosed(held, { close: ')', pattern: LIST, max: 24 })
      case '^':
        return held.length === 1 || (held.length === 2 && held[1] === '[') ? OPEN : held[1] === '[' ? this.#judgeCaret(held) : NOT
      default:
        return this.#judgeBracket(held)
    }
  }

  // ── Code ────────────────────────────────────────────────────────────────────────────────────────

  #judgeCode(held: string): Verdict {
    const unit = held[0] as string
    let run = 1
    while (held[run] === unit) run++
    if (run === held.length) return run > 32 ? NOT : OPEN
    // Fences may stand in list items and quotations.
    if (run >= 3 && /^[\s>*+\-\d.)]*$/.test(this.#line)) {
      this.#fence = { unit, length: run, opening: true }
      return { is: 'done', token: { type: 'verbatim', text: held.slice(0, run) }, rest: held.length - run }
    }
    if (unit === '~') return NOT
    const last = held[held.length - 1] as string
    // Closed when a run of the same length has ended, which the unit behind it shows.
    let close = 0
    while (held[held.length - 2 - close] === '`') close++
    const closed = last !== '`' && close === run && held.length - 1 >= run * 2
    if (closed) return { is: 'done', token: { type: 'verbatim', text: held.slice(0, -1) }, rest: 1 }
    return last === '\n' || held.length > MAX_CODE ? NOT : OPEN
  }

  #inFence(unit: string, emit: (token: MarkerToken) => void): void {
    const fence = this.#fence
    if (unit === '\n' && fence !== undefined) {
      // The line that opens has an info string; only a bare run closes.
      const line = this.#line.replace(/^[\s>]*/, '').trimEnd()
      const closes = !fence.opening && line.length >= fence.length && [...line].every((item) => item === fence.unit)
      if (closes) this.#fence = undefined
      fence.opening = false
    }
    this.#seen(unit)
    emit({ type: 'verbatim', text: unit })
  }

  // ── Brackets ────────────────────────────────────────────────────────────────────────────────────

  #judgeClosed(held: string, form: { close: string; pattern: RegExp; max: number }): Verdict {
    const last = held[held.length - 1]
    if (last === '\n' || held.length > form.max) return NOT
    if (held.length > 1 && last === held[0]) return NOT
    if (last !== form.close) return OPEN
    const inner = form.pattern.exec(held.slice(1, -1))
    if (inner === null) return NOT
    return this.#marker(inner[1] ?? inner[0], held, 0)
  }

  #judgeCaret(held: string): Verdict {
    const verdict = this.#judgeClosed(held.slice(1), { close: ']', pattern: LIST, max: 40 })
    return verdict.is === 'done' ? this.#marker(held.slice(2, -1), held, 0) : verdict
  }

  #judgeBracket(held: string): Verdict {
    const double = held[1] === '['
    const close = held.indexOf(double ? ']]' : ']')
    const last = held[held.length - 1] as string
    if (close < 0) {
      if (last === '\n' || held.length > MAX_BRACKET) return NOT
      // A bracket inside a bracket: only the doubled opening is ours.
      return last === '[' && held.length > 1 && !(held.length === 2) ? NOT : OPEN
    }
    const labelEnd = close + (double ? 2 : 1)
    const label = held.slice(double ? 2 : 1, close)
    if (double && !LIST.test(label)) return NOT
    if (held.length === labelEnd) return OPEN
    if (held[labelEnd] !== '(') {
      if (!LIST.test(label)) return NOT
      return this.#marker(label, held.slice(0, labelEnd), held.length - labelEnd)
    }
    return this.#judgeLink(held, { label, labelEnd, double })
  }

  #judgeLink(held: string, link: { label: string; labelEnd: number; double: boolean }): Verdict {
    const last = held[held.length - 1] as string
    if (last === '\n' || last === '[' || held.length > MAX_LINK) return NOT
    // Only a closing parenthesis can end it; counting on every unit would be quadratic.
    if (last !== ')') return OPEN
    let depth = 0
    for (let i = link.labelEnd; i < held.length; i++) depth += held[i] === '(' ? 1 : held[i] === ')' ? -1 : 0
    if (depth > 0) return OPEN
    const target = held
      .slice(link.labelEnd + 1, -1)
      .trim()
      .split(/\s/)[0] as string
    const number = this.#sources.byUrl(target.replace(/^<|>$/g, ''))
    const numeric = LIST.test(link.label)
    // An image stays what it is.
    if (this.#previous === '!') return { is: 'done', token: { type: 'verbatim', text: held }, rest: 0 }
    if (number !== undefined) {
      return { is: 'done', token: { type: 'marker', sources: [number], label: numeric ? '' : link.label, raw: held }, rest: 0 }
    }
    if (link.double) return this.#marker(link.label, held, 0)
    return { is: 'done', token: { type: numeric ? 'unknown-marker' : 'verbatim', text: held }, rest: 0 }
  }

  #marker(inner: string, whole: string, rest: number): Verdict {
    const sources = this.#numbers(inner)
    if (sources === undefined || sources.length === 0) {
      // `list[0]` is an index, not a failed citation.
      const index = /[\p{L}\p{N}_)\]]/u.test(this.#previous)
      return { is: 'done', token: { type: index ? 'verbatim' : 'unknown-marker', text: whole }, rest }
    }
    return { is: 'done', token: { type: 'marker', sources, label: '', raw: whole }, rest }
  }

  /** The valid numbers of a list; `undefined` when it is none. */
  #numbers(inner: string): number[] | undefined {
    if (!LIST.test(inner)) return undefined
    const found = new Set<number>()
    for (const [, from, to] of inner.normalize('NFKC').matchAll(/(\d{1,3})(?:\s?[-–—]\s?(\d{1,3}))?/g)) {
      const first = Number(from)
      const last = to === undefined ? first : Number(to)
      // `[0-9]` is a character class; a range is believed only as a whole.
      if (first < 1 || last < first || last - first > MAX_RANGE || last > this.#sources.count()) continue
      for (let n = first; n <= last; n++) found.add(n)
    }
    return [...found]
  }
}

/** `$…$` and `$$…$$`. A dollar before a digit or space is money. */
function judgeDollar(held: string): Verdict {
  if (held.length === 1) return OPEN
  const last = held[held.length - 1] as string
  if (held[1] === '$') {
    if (held.length === 3 && /[),.;]/.test(held[2] as string)) return NOT
    if (held.length >= 5 && held.endsWith('$$')) return { is: 'done', token: { type: 'verbatim', text: held }, rest: 0 }
    return held.length > MAX_MATH ? NOT : OPEN
  }
  if (/[\s\d.,]/.test(held[1] as string) || last === '\n' || held.length > 200) return NOT
  // The unit behind the closing sign decides whether it closes.
  const close = held.indexOf('$', 1)
  if (close < 0 || close === held.length - 1) return OPEN
  if (/\s/.test(held[close - 1] as string) || /[\p{L}\d]/u.test(held[close + 1] as string)) return NOT
  return { is: 'done', token: { type: 'verbatim', text: held.slice(0, close + 1) }, rest: held.length - close - 1 }
}

/** `\(…\)` and `\[…\]`; any other escape is two plain units. */
function judgeBackslash(held: string): Verdict {
  if (held.length === 1) return OPEN
  const close = held[1] === '(' ? '\\)' : held[1] === '[' ? '\\]' : undefined
  if (close === undefined) return { is: 'done', token: { type: 'unit', unit: '\\' }, rest: 1 }
  if (held.length > 3 && held.endsWith(close)) return { is: 'done', token: { type: 'verbatim', text: held }, rest: 0 }
  // A second opening shows that the first was none.
  const reopened = held.length > 3 && held.endsWith(`\\${held[1]}`)
  return reopened || held.length > MAX_MATH
    ? { is: 'done', token: { type: 'verbatim', text: held.slice(0, 2) }, rest: held.length - 2 }
    : OPEN
}
