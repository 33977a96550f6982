// Blanks out what is not code in a TypeScript text, so that the checks can search it with plain expressions. Offsets and
// lines stay the same; quotes stay, their content goes. A lexer, not a parser: it knows strings, templates, comments and
// regular expressions, nothing else. (TypeScript's native compiler offers no parser to scripts.)

const BEFORE_REGEX = new Set([...'(,=:[!&|?{};+-*%~^<>', ''])
const WORDS_BEFORE_REGEX = /\b(return|typeof|case|in|of|delete|void|throw|new|else|do|instanceof|yield|await)$/

/** `text` with the content of comments, strings, templates and regular expressions replaced by spaces. */
export function maskSource(text: string): string {
  const out = text.split('')
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' '
  }
  // Depth of braces at which each open template's `${` began.
  const templates: number[] = []
  let braces = 0
  let significant = 0
  let at = 0
  while (at < text.length) {
    const char = text[at] ?? ''
    const next = text[at + 1]
    let end = at + 1
    if (char === '/' && next === '/') {
      end = indexOrEnd(text, '\n', at)
      blank(at, end)
    } else if (char === '/' && next === '*') {
      end = Math.min(text.length, indexOrEnd(text, '*/', at + 2) + 2)
      blank(at, end)
    } else if (char === "'" || char === '"') {
      end = quotedEnd(text, at)
      blank(at + 1, end - 1)
    } else if (char === '`' || (char === '}' && templates.at(-1) === braces)) {
      if (char === '}') templates.pop()
      end = templateEnd(text, at + 1)
      const opensCode = text[end - 1] === '{'
      if (opensCode) templates.push(braces)
      blank(at + 1, end - (opensCode ? 2 : 1))
    } else if (char === '/' && startsRegex(text, out, significant)) {
      end = regexEnd(text, at)
      blank(at + 1, end - 1)
    } else if (char === '{') braces++
    else if (char === '}') braces--
    if (!/\s/.test(out[end - 1] ?? ' ')) significant = end
    at = end
  }
  return out.join('')
}

const indexOrEnd = (text: string, what: string, from: number): number => {
  const found = text.indexOf(what, from)
  return found === -1 ? text.length : found
}

function startsRegex(text: string, out: string[], significant: number): boolean {
  const last = significant === 0 ? '' : (out[significant - 1] ?? '')
  return BEFORE_REGEX.has(last) || WORDS_BEFORE_REGEX.test(text.slice(Math.max(0, significant - 12), significant))
}

/** End of a quoted string; a string that its line does not close ends there (an apostrophe in JSX text). */
function quotedEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[start]) return i + 1
    else if (text[i] === '\n') return i
  }
  return text.length
}

/** Just after the closing backtick, or after the `${` that opens code. */
function templateEnd(text: string, start: number): number {
  for (let i = start; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '`') return i + 1
    else if (text[i] === '$' && text[i + 1] === '{') return i + 2
  }
  return text.length
}

function regexEnd(text: string, start: number): number {
  let inClass = false
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return i + 1
    else if (char === '\n') return i
  }
  return text.length
}
