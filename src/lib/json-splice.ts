// Edits JSON text in place: every byte that is not named by an edit stays as it was, because
// parse-and-print is not lossless (large integers, `1.0`, key order, escapes).
// Edits address members by path; only objects are walked. The text must already be known to be JSON.

import type { JsonValue } from './json.ts'

/** One change. `set` replaces or adds; a missing parent of `set` is created. `remove` ignores what is absent. */
export type Edit =
  | { readonly op: 'set'; readonly path: readonly string[]; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: readonly string[] }
  | { readonly op: 'rename'; readonly path: readonly string[]; readonly to: string }

/** Where one member of an object stands in the text. */
export interface Member {
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/**
 * The members of the object that opens at or after `from`, in order, duplicates included.
 * Values are skipped, not parsed. Returns an empty list when no object opens there.
 */
export function membersOf(text: string, from = 0): Member[] {
  const members: Member[] = []
  let i = skipSpace(text, from)
  if (text.charCodeAt(i) !== 123) return members
  i = skipSpace(text, i + 1)
  while (i < text.length && text.charCodeAt(i) === 34) {
    const keyStart = i
    const keyEnd = stringEnd(text, i)
    const rawKey = text.slice(keyStart + 1, keyEnd - 1)
    const key = rawKey.includes('\\') ? (JSON.parse(text.slice(keyStart, keyEnd)) as string) : rawKey
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const valueEnd = valueEndAt(text, valueStart)
    members.push({ key, keyStart, keyEnd, valueStart, valueEnd })
    i = skipSpace(text, valueEnd)
    if (text.charCodeAt(i) !== 44) break
    i = skipSpace(text, i + 1)
  }
  return members
}

/** Applies the edits in order. A repeated member is edited in every place it stands. */
export function splice(text: string, edits: readonly Edit[]): string {
  for (const edit of edits) text = applyEdit(text, edit, 0, 0)
  return text
}

function applyEdit(text: string, edit: Edit, depth: number, from: number): string {
  const key = edit.path[depth]
  if (key === undefined) return text
  const members = membersOf(text, from)
  const last = depth === edit.path.length - 1
  let found = false
  for (let m = members.length - 1; m >= 0; m--) {
    const member = members[m] as Member
    if (member.key !== key) continue
    found = true
    if (!last) {
      if (text.charCodeAt(member.valueStart) === 123) text = applyEdit(text, edit, depth + 1, member.valueStart)
      else if (edit.op === 'set') text = replaced(text, member, printed(nested(edit, depth + 1)))
    } else if (edit.op === 'set') text = replaced(text, member, printed(edit.value))
    else if (edit.op === 'rename') text = text.slice(0, member.keyStart) + printed(edit.to) + text.slice(member.keyEnd)
    else text = removed(text, members, m)
  }
  return found || edit.op !== 'set' ? text : inserted(text, from, members, key, nested(edit, depth + 1))
}

const printed = (value: JsonValue): string => JSON.stringify(value)
const replaced = (text: string, member: Member, value: string): string =>
  text.slice(0, member.valueStart) + value + text.slice(member.valueEnd)

function nested(edit: { path: readonly string[]; value: JsonValue }, depth: number): JsonValue {
  let value = edit.value
  for (let i = edit.path.length - 1; i >= depth; i--) value = { [edit.path[i] as string]: value }
  return value
}

function removed(text: string, members: readonly Member[], index: number): string {
  const member = members[index] as Member
  const next = members[index + 1]
  if (next !== undefined) return text.slice(0, member.keyStart) + text.slice(next.keyStart)
  const previous = members[index - 1]
  return text.slice(0, previous === undefined ? member.keyStart : previous.valueEnd) + text.slice(member.valueEnd)
}

function inserted(text: string, from: number, members: readonly Member[], key: string, value: JsonValue): string {
  const pair = `${printed(key)}:${printed(value)}`
  const last = members.at(-1)
  if (last !== undefined) return `${text.slice(0, last.valueEnd)},${pair}${text.slice(last.valueEnd)}`
  const open = skipSpace(text, from)
  return text.charCodeAt(open) === 123 ? text.slice(0, open + 1) + pair + text.slice(open + 1) : text
}

function skipSpace(text: string, i: number): number {
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break
    i++
  }
  return i
}

/** Index behind the closing quote of the string that opens at `start`. Jumps: strings may be megabytes. */
function stringEnd(text: string, start: number): number {
  let i = start + 1
  for (;;) {
    const quote = text.indexOf('"', i)
    if (quote < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 92) slashes++
    if ((slashes & 1) === 0) return quote + 1
    i = quote + 1
  }
}

function valueEndAt(text: string, start: number): number {
  const open = text.charCodeAt(start)
  if (open === 34) return stringEnd(text, start)
  let i = start
  if (open !== 123 && open !== 91) {
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code === 44 || code === 125 || code === 93 || code <= 32) break
    }
    return i
  }
  let depth = 0
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === 34) {
      i = stringEnd(text, i)
      continue
    }
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) {
      depth--
      if (depth === 0) return i + 1
    }
    i++
  }
  return i
}
