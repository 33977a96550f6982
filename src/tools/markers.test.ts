import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type MarkerEvent, type MarkerOptions, markerParser } from './markers.ts'

const URLS = [
  'https://one.example/a',
  'https://two.example/b_(c)',
  'https://three.example/',
  'https://four.example/',
  'https://five.example/',
]
const options = (extra: Partial<MarkerOptions> = {}): MarkerOptions => ({
  sources: { count: () => URLS.length, byUrl: (url) => (URLS.includes(url) ? URLS.indexOf(url) + 1 : undefined) },
  ...extra,
})

/** Events with neighbouring texts joined, cited ones written `{text|1,2}` and strays left out. */
function shown(pieces: readonly string[], extra?: Partial<MarkerOptions>): string {
  const parser = markerParser(options(extra))
  const events: MarkerEvent[] = []
  for (const piece of pieces) parser.push(piece, (event) => events.push(event))
  parser.end((event) => events.push(event))
  return events
    .map((event) => (event.type === 'text' ? event.text : event.type === 'cited' ? `{${event.text}|${event.sources}}` : ''))
    .join('')
}

const CASES: [string, string, string][] = [
  ['plain text', 'No markers here. None at all.', 'No markers here. None at all.'],
  ['before the full stop', 'Costs fell 4 % [1].', '{Costs fell 4 %.|1}'],
  ['after the full stop', 'Costs fell 4 %. [1]', '{Costs fell 4 %.|1}'],
  ['directly behind the stop', 'Costs fell 4 %.[1] Next.', '{Costs fell 4 %.|1} Next.'],
  ['without space', 'Costs fell[1]. Next one.', '{Costs fell.|1} Next one.'],
  ['only the last sentence', 'One is so. Two is so [1]. Three is so.', 'One is so. {Two is so.|1} Three is so.'],
  ['each its own', 'A is a. [1] B is b. [2] C.', '{A is a.|1} {B is b.|2} C.'],
  ['several markers', 'A is a. [1][2]', '{A is a.|1,2}'],
  ['several with space', 'A is a [1] [3]. B.', '{A is a.|1,3} B.'],
  ['several with comma', 'A is a [1], [3]. B.', '{A is a.|1,3} B.'],
  ['list', 'A is a [1, 2].', '{A is a.|1,2}'],
  ['range', 'A is a [1-3].', '{A is a.|1,2,3}'],
  ['range with dash', 'A is a [2–4].', '{A is a.|2,3,4}'],
  ['lenticular', 'A is a【1】. B.', '{A is a.|1} B.'],
  ['lenticular with lines', 'A is a.【2†L3-L8】 B.', '{A is a.|2} B.'],
  ['full width', 'A is a［１］。B', '{A is a。|1}B'],
  ['source word', 'A is a [Source 1]. B [Sources 1, 3].', '{A is a.|1} {B.|1,3}'],
  ['source word twice', 'A is a [Source 1, Source 2].', '{A is a.|1,2}'],
  ['citation word', 'A is a [citation:4].', '{A is a.|4}'],
  ['doubled with link', 'A is a [[1]](https://x.example/y). B.', '{A is a.|1} B.'],
  ['doubled', 'A is a [[2]].', '{A is a.|2}'],
  ['caret', 'A is a.^[1] B.', '{A is a.|1} B.'],
  ['numbered link to ours', 'A is a [1](https://two.example/b_(c)). B.', '{A is a.|2} B.'],
  ['titled link to ours', 'See [the page](https://one.example/a) for it. B.', '{See the page for it.|1} B.'],
  ['link title attribute', 'See [it](https://one.example/a "T").', '{See it.|1}'],
  ['in parentheses', 'A is a ([1]). B.', '{A is a.|1} B.'],
  ['in the middle', 'A is a [1] and B is b. C.', '{A is a and B is b.|1} C.'],
  ['in the middle twice', 'A is a [1], but B is b [2]. C.', '{A is a, but B is b.|1,2} C.'],
  ['at the start', '[1] says that A is a. B.', '{says that A is a.|1} B.'],
  ['no space behind', 'A is a [1]and B.', '{A is a and B.|1}'],
  ['doubled stop', 'A is a. [1]. B.', '{A is a.|1} B.'],
  ['quotation', 'He said "A is a." [1] B.', '{He said "A is a."|1} B.'],
  ['bold', '**A is a.** [1] B.', '{**A is a.**|1} B.'],
  ['question', 'Is A a? [1] Yes! [2] B.', '{Is A a?|1} {Yes!|2} B.'],
  ['Chinese', '长城总长度为21196千米。[1]八达岭位于北京。', '{长城总长度为21196千米。|1}八达岭位于北京。'],
  ['Japanese', '標高は3776メートルである[1]。最後の噴火は1707年。', '{標高は3776メートルである。|1}最後の噴火は1707年。'],
  ['emoji', 'Fun 😀👩‍👩‍👧 fact [1]. 😀 B.', '{Fun 😀👩‍👩‍👧 fact.|1} 😀 B.'],
  ['decimal', 'It is 3.5 m [1]. Next 4.5.', '{It is 3.5 m.|1} Next 4.5.'],
  ['abbreviation', 'Dr. Smith (e.g. Bob) wins [1]. B.', '{Dr. Smith (e.g. Bob) wins.|1} B.'],
  ['address', 'Visit example.com today [1]. B.', '{Visit example.com today.|1} B.'],
  ['initials', 'J. K. Rowling wrote it [1]. B.', '{J. K. Rowling wrote it.|1} B.'],
  ['version', 'Use TypeScript 5.5 now. [2]\n\nDone.', '{Use TypeScript 5.5 now.|2}\n\nDone.'],
  ['end of line', 'A is a [1]\nB is b', '{A is a|1}\nB is b'],
  ['list items', '- A is a. Really [1]\n- B is b. [2]\n- C', '- {A is a. Really|1}\n- {B is b.|2}\n- C'],
  ['numbered items', '1. A is a [1].\n2. B', '1. {A is a.|1}\n2. B'],
  ['nested items', '* A\n  * B is b [1]\n', '* A\n  * {B is b|1}\n'],
  ['item cited twice', '- A costs 4. [1] B costs 5. [2]\n', '- {A costs 4.|1} {B costs 5.|2}\n'],
  ['table row', '| A. B | 4 [1] |\n| C | 5 |', '{| A. B | 4 |||1}\n| C | 5 |'.replace('|||1', '||1').replace('4 ||1', '4 ||1')],
  ['heading', '# A heading\nText [1].', '# A heading\n{Text.|1}'],
  ['lower case behind a stop', 'Ver. two is out [1]. B.', '{Ver. two is out.|1} B.'],
]

const UNTOUCHED: [string, string][] = [
  ['fence', 'Run:\n```js\nconst a = arr[1]\n// see [1].\n```\nDone.'],
  ['fence with longer closing', '~~~\n[1] x. [2]\n~~~~\nB.'],
  ['fence in an item', '- x\n  ```\n  a[1]\n  ```\n'],
  ['open fence', 'x\n```\na[1]. b[2]'],
  ['inline code', 'Use `arr[1]` here. And ``a[`2]`` too.'],
  ['code at the end', 'Use `arr[1]`'],
  ['math', 'So $x[1] + y$ holds. And $$a[2]$$ too.'],
  ['bracket math', 'So \\(x[1]\\) and \\[y [2]\\] hold.'],
  ['index zero', 'The value arr[0] is first.'],
  ['foreign link', 'See [1](https://evil.example/x) for it.'],
  ['foreign titled link', 'See [the page](https://evil.example/a_(b)) for it.'],
  ['footnote', 'As said[^1]. More.\n[^1]: note'],
  ['task boxes', '- [ ] open\n- [x] done\n'],
  ['year', 'In [2024] it was so.'],
  ['beyond the count', 'A is a [6]. B is b [99].'],
  ['character class', 'Match [0-9] and [a-z].'],
  ['image', 'Look ![1](https://one.example/a) here.'],
  ['parenthesised number', 'A is a (1). B.'],
  ['brackets in text', 'He said [sic] that [he] left.'],
  ['money', 'It costs $5 or US$6. Fine.'],
  ['escapes', 'A \\* B \\\\ C.'],
  ['caret', 'x^2 and 2^[n] and y^'],
  ['lone brackets', 'a [ b ] c [[ d ]] e'],
  ['unclosed title', 'see [the title'],
]

describe('markers', () => {
  test.each(CASES)('%s', (_, text, expected) => expect(shown([text])).toBe(expected))
  test.each(UNTOUCHED)('untouched: %s', (_, text) => expect(shown([text])).toBe(text))

  test('money before a marker', () => expect(shown(['It costs $5 [1] and $HOME is set [2].'])).toBe('{It costs $5 and $HOME is set.|1,2}'))
  test('brackets with brackets inside', () => expect(shown(['A is a [see [1]]. B.'])).not.toContain('[1]'))
  test('parentheses when told', () => expect(shown(['A is a (1, 2). B (x).'], { parentheses: true })).toBe('{A is a.|1,2} B (x).'))
  test('partly valid lists keep what is valid', () => expect(shown(['A is a [2, 9].'])).toBe('{A is a.|2}'))

  test('no source yet: everything stays', () => {
    const none = { sources: { count: () => 0, byUrl: () => undefined } }
    expect(shown(['A is a [1]. B【2】.'], none)).toBe('A is a [1]. B【2】.')
  })

  test('a dangling prefix is dropped, anything else printed', () => {
    for (const end of ['[', '[1', '[1,', '[[1', '【1', '【1†L', '[Source ', '^[1']) expect(shown([`A is a. ${end}`])).toBe('A is a. ')
    for (const end of ['[a', '[1]x', '`x', '$x', '\\(a', '[x](http'])
      expect(shown([`A is a ${end}`]).replace(/[{}]|\|1/g, '')).toContain(end.replace('[1]', ''))
    expect(shown(['A is a [1](https://one'])).toBe('{A is a|1}')
  })

  test('strays are counted', () => {
    const events: MarkerEvent[] = []
    const parser = markerParser(options())
    parser.push('A is a [9]. B.\n[1]\n', (event) => events.push(event))
    parser.end((event) => events.push(event))
    expect(events.filter(({ type }) => type === 'stray')).toEqual([
      { type: 'stray', reason: 'unknown-source' },
      { type: 'stray', reason: 'nothing-to-cite' },
    ])
  })
})

describe('latency', () => {
  test('a sentence goes out as soon as the next begins', () => {
    const parser = markerParser(options())
    const events: MarkerEvent[] = []
    const push = (text: string) => parser.push(text, (event) => events.push(event))
    push('First sentence. ')
    expect(events).toEqual([])
    push('S')
    expect(events).toEqual([{ type: 'text', text: 'First sentence. ' }])
    push('econd [1]')
    expect(parser.held).toBeGreaterThan(0)
    push('. T')
    expect(events[1]).toEqual({ type: 'cited', text: 'Second.', sources: [1] })
  })

  test('long stretches are cut and the rest can still be cited', () => {
    const long = `${'word '.repeat(100)}end [1].`
    const text = shown([long])
    expect(text.replace(/[{}]|\|1/g, '')).toBe(long.replace(' [1]', ''))
    expect(/\{(.*)\|1\}/.exec(text)?.[1]?.length).toBeLessThan(401)
    const parser = markerParser(options())
    for (const unit of 'x😀'.repeat(1000)) {
      parser.push(unit, (event) => expect(event.type === 'text' ? event.text.isWellFormed() : false).toBe(true))
      expect(parser.held).toBeLessThan(405)
    }
  })

  test('flush gives out a preamble before a tool call', () => {
    const parser = markerParser(options())
    const events: MarkerEvent[] = []
    parser.push('Let me look that up', (event) => events.push(event))
    parser.flush((event) => events.push(event))
    expect(events).toEqual([{ type: 'text', text: 'Let me look that up' }])
    parser.push('. Found [1]', (event) => events.push(event))
    parser.end((event) => events.push(event))
    expect(events.map((event) => ('text' in event ? event.text : '')).join('')).toBe('Let me look that up. Found')
  })

  test('hostile text is quick', () => {
    for (const piece of ['[', '[[', '`', '$a', '\\(', '【', '^[', '[1](', '[a](b', '- [1', '.', '[1] ']) {
      const started = performance.now()
      shown([piece.repeat(20_000)])
      expect(performance.now() - started).toBeLessThan(3000)
    }
  }, 60_000)
})

describe('properties', () => {
  const all = [...CASES.map(([, text]) => text), ...UNTOUCHED.map(([, text]) => text)]

  test('every two-way and three-way split and unit by unit give the same blocks', () => {
    for (const text of all) {
      const whole = shown([text])
      expect(shown(text.split(''))).toBe(whole)
      for (let i = 0; i <= text.length; i++) {
        expect(shown([text.slice(0, i), text.slice(i)])).toBe(whole)
        for (let j = i; j <= text.length; j += 3) expect(shown([text.slice(0, i), text.slice(i, j), text.slice(j)])).toBe(whole)
      }
    }
  }, 60_000)

  const fragment = fc.oneof(
    fc.constantFrom(
      '[1]',
      '[2][3]',
      ' [1, 2]',
      '【4†L1-L2】',
      '. ',
      '.',
      '\n',
      '\n\n',
      '- ',
      '`',
      '```\n',
      '$',
      '[',
      ']',
      '(',
      ')',
      ' ',
      '😀',
      '|',
      '。',
      '[x](',
      URLS[0] as string,
    ),
    fc.constantFrom(
      'word',
      'Another',
      'e.g.',
      'Dr.',
      '3.5',
      'arr',
      '^',
      '\\',
      '~~~',
      '"',
      '!',
      '[9]',
      '[[1]](u)',
      '[t](https://one.example/a)',
    ),
    fc.string({ maxLength: 4, unit: 'grapheme' }),
  )
  const paragraph = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(''))

  test('any text, any split', () => {
    fc.assert(
      fc.property(paragraph, fc.array(fc.nat(60), { maxLength: 8 }), (text, lengths) => {
        const pieces: string[] = []
        let rest = text
        for (const length of lengths) {
          pieces.push(rest.slice(0, length))
          rest = rest.slice(length)
        }
        pieces.push(rest)
        expect(shown(pieces)).toBe(shown([text]))
      }),
      { numRuns: 2000 },
    )
  }, 60_000)

  test('without sources no character is lost', () => {
    const none = { sources: { count: () => 0, byUrl: () => undefined } }
    fc.assert(
      fc.property(paragraph, (text) => {
        // A dangling prefix at the very end is the one thing that may go.
        const ended = `${text}\nend`
        expect(shown([ended], none)).toBe(ended)
      }),
      { numRuns: 2000 },
    )
  }, 60_000)
})
