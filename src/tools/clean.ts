// Text from the web made harmless for a prompt: what hides, what looks like a turn of the conversation, and what looks
// like one of our markers. The originals stay with the source, so that quotes remain true.

/** Zero-width, direction marks and overrides, Unicode tags, soft hyphens, and controls but tab and newline. */
const INVISIBLE = new RegExp(
  '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f' +
    '\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e01ef}]',
  'gu',
)

/** Tokens by which chat templates of common model families mark roles and tools. */
const TEMPLATE =
  /<\|[^|<>\n]{0,60}\|>|<｜[^｜<>\n]{0,60}｜>|\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]|<<\/?SYS>>|<\/?(?:tool_call|tool_calls|tool_response|tool_result|function_call|function_calls|function_results|function|invoke|think|thinking|antml:[a-z_]+|start_of_turn|end_of_turn|bos|eos|s|system|assistant|user|human|search_results|fetched_page)(?:[ =:][^<>\n]{0,200})?>/gi

const COMMENT = /<!--[\s\S]*?(?:-->|$)/g

/** Bracketed numbers as in encyclopedias; they would be taken for our own markers. */
const BRACKET_NUMBER = /\[(\s?\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\s?)\]|【([^】\n]{0,40})】|［(\s?[0-9０-９]{1,3}\s?)］/g

/** Invisible characters out; the rest as it was. Applied to everything we keep. */
export const visible = (text: string): string => text.replace(INVISIBLE, '').toWellFormed()

/** Repeats, since removing one token may put another together. What is still not settled then loses its brackets. */
function stripped(text: string, pattern: RegExp): string {
  let current = text
  for (let round = 0; round < 8; round++) {
    const next = current.replace(pattern, '')
    if (next === current) return next
    current = next
  }
  return current.replace(/[<>[\]|｜]/g, '')
}

/**
 * Text of a source as the model may see it.
 * @param boundary the request's delimiter, which no source may contain.
 */
export function neutral(text: string, boundary: string): string {
  const clean = stripped(stripped(visible(text), COMMENT), TEMPLATE)
  return clean
    .split(boundary)
    .join('')
    .replace(BRACKET_NUMBER, (_, square?: string, lenticular?: string, wide?: string) => `(${square ?? lenticular ?? wide})`)
}

/** As `neutral`, on one line: for titles and addresses. */
export const neutralLine = (text: string, boundary: string): string => neutral(text, boundary).replace(/\s+/g, ' ').trim()
