// A string that fits a simple regular expression: literals, classes, groups, alternatives, quantifiers.
// Look-around and back-references are not understood; the caller checks the result against the pattern.

/** A string that fits, or `undefined` when this small reader cannot find one. */
export function stringFor(pattern: string): string | undefined {
  let expression: RegExp
  try {
    expression = new RegExp(pattern, 'u')
  } catch {
    return undefined
  }
  const reader = { source: pattern, at: 0 }
  const text = alternatives(reader)
  return text !== undefined && expression.test(text) ? text : undefined
}

interface Reader {
  readonly source: string
  at: number
}

function alternatives(reader: Reader): string | undefined {
  const first = sequence(reader)
  while (reader.source[reader.at] === '|') {
    reader.at++
    sequence(reader)
  }
  return first
}

function sequence(reader: Reader): string {
  let text = ''
  while (reader.at < reader.source.length && reader.source[reader.at] !== '|' && reader.source[reader.at] !== ')') {
    const unit = atom(reader)
    text += unit.repeat(times(reader))
  }
  return text
}

function atom(reader: Reader): string {
  const { source } = reader
  const char = source[reader.at++] as string
  if (char === '^' || char === '$') return ''
  if (char === '.') return 'a'
  if (char === '\\') return escaped(source[reader.at++] ?? '')
  if (char === '[') return oneOfClass(reader)
  if (char !== '(') return char
  if (source[reader.at] === '?') {
    const named = /^\?(:|<[A-Za-z]\w*>)/.exec(source.slice(reader.at))
    reader.at += named?.[0].length ?? 1
  }
  const inner = alternatives(reader) ?? ''
  reader.at++
  return inner
}

function escaped(char: string): string {
  if (char === 'd') return '1'
  if (char === 'w') return 'a'
  if (char === 's') return ' '
  if (char === 'D' || char === 'S') return 'a'
  if (char === 'W') return ' '
  return char === 'b' || char === 'B' ? '' : char
}

function oneOfClass(reader: Reader): string {
  const close = reader.source.indexOf(']', reader.at + 1)
  const body = reader.source.slice(reader.at, close < 0 ? undefined : close)
  reader.at = close < 0 ? reader.source.length : close + 1
  if (!body.startsWith('^')) return body.startsWith('\\') ? escaped(body[1] ?? '') : (body[0] ?? '')
  const refused = new RegExp(`[${body}]`)
  return ['a', '1', 'A', '_', ' ', '-'].find((candidate) => refused.test(candidate)) ?? 'a'
}

function times(reader: Reader): number {
  const found = /^(?:\{(\d+)(?:,\d*)?\}|[*?+])\??/.exec(reader.source.slice(reader.at))
  if (found === null) return 1
  reader.at += found[0].length
  if (found[1] !== undefined) return Math.min(Number(found[1]), 1000)
  return found[0].startsWith('+') ? 1 : 0
}
