// Calls that small models print instead of making, taken out of streamed text: `<tool_call>` tags anywhere, and answers
// that are nothing but JSON or a fence with JSON. What cannot be a call any more goes on at once.

import { printedCall } from './functions.ts'

const TAG = '<tool_call>'
const END = '</tool_call>'
/** A call longer than this is none. */
const MAX_UNITS = 4000
const LANGUAGES = ['json', 'tool_code', 'tool_call']
/** The members that a printed call begins with. */
const KEYS = ['name', 'function', 'tool', 'arguments', 'parameters', 'input', 'type', 'id']

export interface PrintedCall {
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

export interface PrintedSink {
  say(words: string): void
  call(call: PrintedCall): void
}

export interface PrintedCalls {
  push(text: string, sink: PrintedSink): void
  /** A block of text has ended; an answer that may be one call still waits. */
  pause(sink: PrintedSink): void
  /** Something else begins: what was held is words. */
  release(sink: PrintedSink): void
  /** The answer has ended: what was held is judged. */
  end(sink: PrintedSink): void
}

/** @param names the functions whose calls count; others stay text. */
export function printedCalls(names: readonly string[]): PrintedCalls {
  let held = ''
  let state: 'start' | 'words' | 'tag' = 'start'
  /** Space behind a call is no words. */
  let trims = false

  const sayHeld = (sink: PrintedSink): void => {
    const words = held
    held = ''
    if (words !== '') sink.say(words)
  }
  const judge = (text: string, sink: PrintedSink): boolean => {
    const call = printedCall(text, names)
    if (call === undefined) return false
    sink.call(call)
    return true
  }
  /** @returns whether to look again. */
  const words = (sink: PrintedSink): boolean => {
    if (trims) held = held.trimStart()
    trims &&= held === ''
    const at = held.indexOf(TAG)
    const kept = at >= 0 ? held.slice(at) : tail(held)
    const free = held.slice(0, held.length - kept.length)
    held = kept
    if (free !== '') sink.say(free)
    if (at < 0) return false
    state = 'tag'
    return true
  }
  const tag = (sink: PrintedSink): boolean => {
    const at = held.indexOf(END)
    if (at < 0 && held.length <= MAX_UNITS) return false
    const piece = at < 0 ? held : held.slice(0, at + END.length)
    held = held.slice(piece.length)
    state = 'words'
    trims = judge(piece, sink)
    if (!trims) sink.say(piece)
    return held !== ''
  }

  return {
    push(text, sink) {
      held += text
      if (state === 'start') {
        if (mayBeWhole(held)) return
        state = 'words'
      }
      while (state === 'tag' ? tag(sink) : words(sink));
    },
    pause(sink) {
      if (state !== 'start') this.end(sink)
    },
    release(sink) {
      // Thoughts may come before an answer that is a call.
      if (state === 'start' && held.trim() === '') return
      state = 'words'
      sayHeld(sink)
    },
    end(sink) {
      const text = held
      const judged = state !== 'words' && judge(text, sink)
      state = 'words'
      if (judged) held = ''
      else sayHeld(sink)
    },
  }
}

/** Whether a whole answer has calls in it. */
export function holdsPrintedCall(text: string, names: readonly string[]): boolean {
  let found = false
  const sink: PrintedSink = { say: () => {}, call: () => void (found = true) }
  const reader = printedCalls(names)
  reader.push(text, sink)
  reader.end(sink)
  return found
}

/** The end of a text that may be the beginning of a tag. */
function tail(text: string): string {
  const from = text.lastIndexOf('<')
  return from >= 0 && TAG.startsWith(text.slice(from)) ? text.slice(from) : ''
}

/** Whether a text that begins so may be nothing but a call in JSON, bare or in a fence. */
function mayBeWhole(text: string): boolean {
  if (text.length > MAX_UNITS) return false
  const begun = text.trimStart()
  if (begun === '' || '```'.startsWith(begun)) return true
  const inner = /^```(?:json|tool_code|tool_call)?[ \t]*\r?\n([\s\S]*)$/.exec(begun)?.[1]
  if (inner !== undefined) return inner.trimStart() === '' || mayBeCall(inner.trimStart())
  if (begun.startsWith('```')) return !begun.includes('\n') && LANGUAGES.some((word) => word.startsWith(begun.slice(3).trimEnd()))
  return mayBeCall(begun)
}

function mayBeCall(text: string): boolean {
  const key = /^\{\s*(?:"([a-z_]*)(")?|$)/.exec(text)
  if (key === null) return false
  const [, name, closed] = key
  if (name === undefined) return true
  if (closed !== undefined) return KEYS.includes(name)
  return text.trimEnd().endsWith(name) && KEYS.some((known) => known.startsWith(name))
}
