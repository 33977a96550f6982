// Second half of the citation parser: sentences. The wire wants citations before the text they support and models write
// markers behind it, so one sentence is held back until what follows it is known. Eats one unit at a time: the blocks
// do not depend on the upstream's chunks. No clock: who owns the stream calls `flush` when a sentence takes too long.

import type { Transducer } from '../lib/transducer.ts'
import { MarkerLexer, type MarkerSources, type MarkerToken } from './marker-lexer.ts'

export type { MarkerSources } from './marker-lexer.ts'

export type MarkerEvent =
  /** Text that cites nothing. Neighbouring ones are one text. */
  | { readonly type: 'text'; readonly text: string }
  /** One supported stretch, without surrounding space. */
  | { readonly type: 'cited'; readonly text: string; readonly sources: readonly number[] }
  /** A marker that named no source or had nothing to cite; for counting only. */
  | { readonly type: 'stray'; readonly reason: 'unknown-source' | 'nothing-to-cite' }

export interface MarkerOptions {
  readonly sources: MarkerSources
  /** Also take `(1)`. */
  readonly parentheses?: boolean
  /** Longest stretch held back without a border, in UTF-16 units. */
  readonly maxHeld?: number
}

export interface MarkerParser extends Transducer<string, MarkerEvent> {
  /** Gives out what is held, as far as it is no open marker: before a tool call, or after a pause of the model. */
  flush(emit: (event: MarkerEvent) => void): void
  /** Units held back at the moment. */
  readonly held: number
}

const MAX_HELD = 400
const ABBREVIATIONS = new Set(
  'mr mrs ms dr prof sr jr st vs etc eg ie e.g i.e cf al approx no nos vol fig figs eq sec ch pp ed eds inc ltd co corp dept est jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m z.b bzw d.h ca usw nr bd'.split(
    ' ',
  ),
)
/** `- `, `1. `, `> - `: what may stand before the content of a list item. */
const BULLET = /^[ \t>]*(?:[-*+•]|\d{1,3}[.)])[ \t]+$/
const MAYBE_BULLET = /^[ \t>]*(?:[-*+•]|\d{1,3}[.)]?)?[ \t]*$/
const CLOSERS = '"\'”’)]*_»」』）】'

export function markerParser(options: MarkerOptions): MarkerParser {
  const lexer = new MarkerLexer(options.sources, options.parentheses ?? false)
  const sentences = new Sentences(options.maxHeld ?? MAX_HELD)
  return {
    push(text, emit) {
      const out = merged(emit)
      lexer.push(text, (token) => sentences.take(token, out.emit))
      out.close()
    },
    flush(emit) {
      const out = merged(emit)
      sentences.flush(out.emit)
      out.close()
    },
    end(emit) {
      const out = merged(emit)
      lexer.end((token) => sentences.take(token, out.emit))
      sentences.flush(out.emit)
      out.close()
    },
    get held() {
      return sentences.held
    },
  }
}

type Emit = (event: MarkerEvent) => void

/** Joins neighbouring uncited texts of one push. */
function merged(emit: Emit): { emit: Emit; close(): void } {
  let text = ''
  const close = (): void => {
    if (text !== '') emit({ type: 'text', text })
    text = ''
  }
  return {
    emit(event) {
      if (event.type === 'text') {
        text += event.text
        return
      }
      close()
      emit(event)
    },
    close,
  }
}

class Sentences {
  readonly #maxHeld: number
  /** The sentence so far. */
  #body = ''
  #cited = new Set<number>()
  /** Space behind a border, while it is open whether a marker follows. `undefined`: inside a sentence. */
  #tail: string | undefined
  /** The border was one that only counts before a space. */
  #weakBorder = false
  /** Space that stood before a marker; wanted back if neither space nor punctuation follows. */
  #gap = ''
  /** Space and commas behind a marker: swallowed when another marker follows. */
  #join: string | undefined
  /** Start of a line, while it may become a bullet. */
  #lead: string | undefined = ''
  /** In a list item or table row, which a marker cites as a whole. */
  #item = false
  /** A marker that opened the sentence: space and colon behind it go with it. */
  #leading = false

  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld
  }

  get held(): number {
    return this.#body.length + (this.#tail?.length ?? 0) + (this.#lead?.length ?? 0)
  }

  take(token: MarkerToken, emit: Emit): void {
    if (token.type === 'marker') return this.#marker(token, emit)
    if (token.type === 'unknown-marker') emit({ type: 'stray', reason: 'unknown-source' })
    if (token.type === 'unit') return this.#unit(token.unit, emit)
    if (token.type === 'run') return this.#run(token.text, emit)
    this.#verbatim(token.text, emit)
  }

  flush(emit: Emit): void {
    this.#dropJoin()
    if (this.#lead !== undefined) {
      this.#body = this.#lead + this.#body
      this.#lead = undefined
    }
    const tail = this.#tail ?? ''
    this.#tail = undefined
    this.#close(emit)
    if (tail !== '') emit({ type: 'text', text: tail })
  }

  // ── Markers ─────────────────────────────────────────────────────────────────────────────────────

  #marker(token: { sources: readonly number[]; label: string }, emit: Emit): void {
    if (token.label !== '') for (const unit of token.label) this.#unit(unit, emit)
    this.#join = undefined
    if (this.#lead !== undefined) this.#openLine(emit)
    if (this.#body.trim() === '' && this.#tail === undefined) {
      this.#leading = true
    } else {
      if (this.#tail !== undefined) {
        this.#gap ||= this.#tail
        this.#tail = ''
      } else {
        const trimmed = this.#body.trimEnd()
        this.#gap ||= this.#body.slice(trimmed.length)
        this.#body = trimmed
      }
      this.#join = ''
    }
    for (const source of token.sources) this.#cited.add(source)
  }

  /** A unit behind a marker. Returns whether it is used up. */
  #behindMarker(unit: string, emit: Emit): boolean {
    const join = this.#join as string
    const next = join + unit
    if (/^[ \t]*[,;、]?[ \t]*$/.test(next)) {
      this.#join = next
      return true
    }
    this.#join = undefined
    const gap = this.#gap
    this.#gap = ''
    // `([1])` leaves no empty pair behind.
    const last = this.#body[this.#body.length - 1]
    if (join === '' && ((unit === ')' && last === '(') || (unit === ']' && last === '['))) {
      const body = this.#body.slice(0, -1)
      this.#body = body.trimEnd()
      this.#gap = body.slice(this.#body.length)
      this.#join = ''
      return true
    }
    if (this.#tail !== undefined) return this.#behindBorder(unit, { join, gap })
    if (join !== '') for (const item of join) this.#unit(item, emit)
    else if (!/[\s.,;:!?)\]}…。，！？；：、）"'”’*_]/.test(unit)) this.#body += gap
    return false
  }

  /** As above, when the marker stands behind the full stop. */
  #behindBorder(unit: string, { join, gap }: { join: string; gap: string }): boolean {
    // "4 %. [1]." has one full stop too many.
    if (join === '' && /[.!?。！？]/.test(unit) && this.#body.endsWith(unit)) {
      this.#gap = gap
      this.#join = ''
      return true
    }
    this.#tail = join.replace(/[,;、]/, '') || (unit === '\n' ? '' : gap)
    this.#weakBorder = false
    return false
  }

  #dropJoin(): void {
    if (this.#join === undefined) return
    const space = this.#join.replace(/[,;、]/, '')
    this.#join = undefined
    this.#gap = ''
    if (this.#tail !== undefined) this.#tail = space
    else this.#body += space
  }

  // ── Text ────────────────────────────────────────────────────────────────────────────────────────

  #unit(unit: string, emit: Emit): void {
    if (this.#join !== undefined && this.#behindMarker(unit, emit)) return
    if (this.#leading) {
      if (unit === ' ' || unit === ':') return
      this.#leading = false
    }
    if (this.#lead !== undefined && unit !== '\n') {
      if (MAYBE_BULLET.test(this.#lead + unit)) {
        this.#lead += unit
        return
      }
      this.#openLine(emit)
      if (unit === '|') this.#item = true
    }
    if (unit === '\n') return this.#newline(emit)
    if (this.#tail !== undefined && this.#afterBorder(unit, emit)) return
    this.#body += unit
    if (/[。！？]/.test(unit)) this.#border(false)
    else if (unit === '!' || unit === '?') this.#border(true)
    else if (unit === '.' && !this.#isAbbreviation()) this.#border(true)
    else this.#cap(emit)
  }

  /** Units that neither end nor begin anything: inside a sentence they are only added, up to the cap at a time. */
  #run(text: string, emit: Emit): void {
    let at = 0
    while (at < text.length) {
      if (this.#join !== undefined || this.#leading || this.#lead !== undefined || this.#tail !== undefined) {
        this.#unit(text[at++] as string, emit)
        continue
      }
      const room = Math.max(1, this.#maxHeld - this.#body.length)
      this.#body += text.slice(at, at + room)
      at += room
      this.#cap(emit)
    }
  }

  #border(weak: boolean): void {
    this.#tail = ''
    this.#weakBorder = weak
  }

  /** A unit behind a border. Returns whether it is used up; otherwise it continues or begins a sentence. */
  #afterBorder(unit: string, emit: Emit): boolean {
    const tail = this.#tail as string
    if (unit === ' ' || unit === '\t' || unit === '\u00a0' || unit === '\u3000') {
      this.#tail = tail + unit
      return true
    }
    if (tail === '' && (CLOSERS.includes(unit) || /[.!?。！？…]/.test(unit)) && this.#gap === '') {
      this.#body += unit
      return true
    }
    this.#tail = undefined
    const continues = this.#weakBorder && (tail === '' || /\p{Ll}/u.test(unit))
    // An item is cited as a whole, so only a marker ends a stretch of it.
    if (continues || (this.#item && this.#cited.size === 0)) {
      this.#body += tail
      return false
    }
    this.#close(emit)
    if (tail !== '') emit({ type: 'text', text: tail })
    return false
  }

  #verbatim(text: string, emit: Emit): void {
    if (this.#join !== undefined && this.#behindMarker(text[0] as string, emit)) return
    this.#leading = false
    if (this.#lead !== undefined) this.#openLine(emit)
    if (this.#tail !== undefined && this.#afterBorder('A', emit)) return
    this.#body += text
    // A code block streams as it comes; only its last line could be cited, and never is.
    if (text.endsWith('\n')) {
      this.#close(emit)
      this.#lead = ''
      this.#item = false
      return
    }
    this.#cap(emit)
  }

  #newline(emit: Emit): void {
    const lead = this.#lead
    this.#lead = undefined
    const tail = this.#tail ?? ''
    this.#tail = undefined
    this.#gap = ''
    if (lead !== undefined && lead !== '') this.#body = lead + this.#body
    this.#close(emit)
    emit({ type: 'text', text: `${tail}\n` })
    this.#lead = ''
    this.#item = false
  }

  /** The line is known to begin with text: what stands before it is glue. */
  #openLine(emit: Emit): void {
    const lead = this.#lead ?? ''
    this.#lead = undefined
    this.#item = BULLET.test(lead)
    if (this.#item || lead.trim() === '') {
      if (lead !== '') emit({ type: 'text', text: lead })
    } else {
      this.#body += lead
    }
  }

  #isAbbreviation(): boolean {
    const word = /(?:^|[^\p{L}\p{N}.])([\p{L}.]{1,8})\.$/u.exec(this.#body.slice(-12))?.[1]
    if (word === undefined) return false
    // Initials: "J. Smith", "U. S.".
    return (/^\p{Lu}$/u.test(word) && word !== 'I') || ABBREVIATIONS.has(word.toLowerCase())
  }

  /** Too much without a border: it goes out, and a later marker cites only what comes then. */
  #cap(emit: Emit): void {
    if (this.#body.length < this.#maxHeld) return
    const cut = Math.max(this.#body.lastIndexOf(' '), this.#body.lastIndexOf('\n')) + 1
    const last = this.#body.charCodeAt(this.#body.length - 1)
    // Never between the halves of a pair.
    const end = cut > 0 ? cut : last >= 0xd800 && last <= 0xdbff ? this.#body.length - 1 : this.#body.length
    const rest = this.#body.slice(end)
    this.#body = this.#body.slice(0, end)
    this.#close(emit)
    this.#body = rest
  }

  #close(emit: Emit): void {
    const body = this.#body
    const sources = [...this.#cited]
    this.#body = ''
    this.#cited.clear()
    this.#leading = false
    const text = body.trim()
    if (sources.length === 0 || text === '') {
      if (body !== '') emit({ type: 'text', text: body })
      if (sources.length > 0) emit({ type: 'stray', reason: 'nothing-to-cite' })
      return
    }
    const start = body.indexOf(text)
    if (start > 0) emit({ type: 'text', text: body.slice(0, start) })
    emit({ type: 'cited', text, sources })
    if (start + text.length < body.length) emit({ type: 'text', text: body.slice(start + text.length) })
  }
}
