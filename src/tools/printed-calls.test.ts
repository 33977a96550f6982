import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { holdsPrintedCall, type PrintedSink, printedCalls } from './printed-calls.ts'

const NAMES = ['web_search', 'web_fetch']
const CALL = '{"name":"web_search","arguments":{"query":"x"}}'

/** Words and calls in order; words that stand side by side are joined. */
function read(pieces: readonly string[]): string[] {
  const heard: string[] = []
  let words = ''
  const sink: PrintedSink = {
    say: (text) => void (words += text),
    call({ name, arguments: json }) {
      if (words !== '') heard.push(words)
      words = ''
      heard.push(`${name} ${json}`)
    },
  }
  const reader = printedCalls(NAMES)
  for (const piece of pieces) reader.push(piece, sink)
  reader.end(sink)
  if (words !== '') heard.push(words)
  return heard
}

const CASES: readonly (readonly [string, readonly string[]])[] = [
  [CALL, ['web_search {"query":"x"}']],
  [`<tool_call>\n${CALL}\n</tool_call>`, ['web_search {"query":"x"}']],
  [`Let me look.\n<tool_call>${CALL}</tool_call>\nDone.`, ['Let me look.\n', 'web_search {"query":"x"}', 'Done.']],
  [`<tool_call>${CALL}</tool_call>\n<tool_call>${CALL}</tool_call>`, ['web_search {"query":"x"}', 'web_search {"query":"x"}']],
  [`a <tool_call>${CALL}`, ['a ', 'web_search {"query":"x"}']],
  [`\`\`\`json\n${CALL}\n\`\`\``, ['web_search {"query":"x"}']],
  ['<tool_call>\n<function=web_search>\n<parameter=query>\nx y\n</parameter>\n</function>\n</tool_call>', ['web_search {"query":"x y"}']],
  ['<tool_call>{"name":"other","arguments":{}}</tool_call>', ['<tool_call>{"name":"other","arguments":{}}</tool_call>']],
  ['{"name": "Bob", "age": 7}', ['{"name": "Bob", "age": 7}']],
  ['{"answer": 1}', ['{"answer": 1}']],
  ['```python\nprint(1)\n```', ['```python\nprint(1)\n```']],
  ['1 < 2 and <b>x</b> <tool', ['1 < 2 and <b>x</b> <tool']],
  [`See: ${CALL}`, [`See: ${CALL}`]],
  ['', []],
  ['  \n', ['  \n']],
]

test.each(CASES)('%j', (text, expected) => expect(read([text])).toEqual([...expected]))
test.each(CASES)('%j, one character at a time', (text, expected) => expect(read([...text])).toEqual([...expected]))

test('any cuts', () => {
  fc.assert(
    fc.property(fc.constantFrom(...CASES), fc.array(fc.nat(80), { maxLength: 6 }), ([text, expected], places) => {
      const borders = [0, ...places.filter((place) => place < text.length).sort((a, b) => a - b), text.length]
      expect(read(borders.slice(1).map((end, index) => text.slice(borders[index], end)))).toEqual([...expected])
    }),
  )
})

describe('what cannot be a call goes on at once', () => {
  const said = (...pieces: string[]): string => {
    let words = ''
    const sink: PrintedSink = { say: (text) => void (words += text), call: () => {} }
    const reader = printedCalls(NAMES)
    for (const piece of pieces) reader.push(piece, sink)
    return words
  }
  test.each([
    ['Hello', 'Hello'],
    ['{"answer": ', '{"answer": '],
    ['{"nam', ''],
    ['{"names"', '{"names"'],
    ['{"n": ', '{"n": '],
    ['```', ''],
    ['```js\n', '```js\n'],
    ['```json\n{"a"', '```json\n{"a"'],
    ['```json\n', ''],
    ['[1, 2', '[1, 2'],
    ['a <', 'a '],
    ['a < b', 'a < b'],
    ['a <tool_ca', 'a '],
    ['a <tool_box', 'a <tool_box'],
  ])('%j', (text, expected) => expect(said(text)).toBe(expected))

  test('a tag without end is words after a while', () => {
    expect(said('<tool_call>', 'x'.repeat(5000))).toBe(`<tool_call>${'x'.repeat(5000)}`)
  })
})

test('whole answers', () => {
  expect(holdsPrintedCall(`Hm. <tool_call>${CALL}</tool_call>`, NAMES)).toBe(true)
  expect(holdsPrintedCall('Hm.', NAMES)).toBe(false)
})
