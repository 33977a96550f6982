// Statement 23 of web search: however an upstream cuts its text, the client gets the same blocks.

import { expect } from 'bun:test'
import fc from 'fast-check'
import { type Case, comparable, QUERY, textOf, webSuite } from '../../kit/web-search.ts'

const { statement } = webSuite()
const STREAM = { modes: ['stream'] } as const

const TEXT =
  'Run npm install -D typescript@5.5 [1]. It infers predicates 【2†L3-L8】 and more [1][3]! Call arr[0] or see `list[1]` in 2024 [2024]. ' +
  'Dr. Smith said e.g. so [1, 2]. 中文在這裡 [1]。Emoji 👩‍👩‍👧 end here [2]? - item one [1]\n- item two\n\n[a link](https://example.net/x) stays [^1].'

async function blocksFor(it: Case, pieces: readonly string[]): Promise<unknown> {
  it.say([{ search: QUERY }], pieces)
  const { message } = await it.messages({})
  return comparable(
    message.content
      .filter(({ type }) => type === 'text')
      .map(({ text, citations }) => ({ text, cited: citations?.map(({ url }) => url) ?? [] })),
  )
}

statement(
  23,
  'one character at a time',
  async (it) => {
    const whole = await blocksFor(it, [TEXT])
    expect(await blocksFor(it, [...TEXT])).toEqual(whole)
    expect(await blocksFor(it, TEXT.match(/[\s\S]{1,3}/gu) ?? [])).toEqual(whole)
    expect(JSON.stringify(whole)).toContain('arr[0]')
    expect(JSON.stringify(whole)).toContain('list[1]')
    expect(JSON.stringify(whole)).not.toMatch(/†|【/)
  },
  STREAM,
)

statement(
  23,
  'any cuts',
  async (it) => {
    const whole = await blocksFor(it, [TEXT])
    const points = [...TEXT]
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: points.length - 1 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const borders = [0, ...places.sort((a, b) => a - b), points.length]
        const pieces = borders.slice(1).map((end, index) => points.slice(borders[index], end).join(''))
        expect(await blocksFor(it, pieces)).toEqual(whole)
      }),
      { numRuns: 25 },
    )
  },
  STREAM,
)

statement(
  23,
  'every cut through one marker',
  async (it) => {
    const text = 'It is out [1, 2]. Then more.'
    const whole = await blocksFor(it, [text])
    for (let cut = 1; cut < text.length; cut++) expect(await blocksFor(it, [text.slice(0, cut), text.slice(cut)])).toEqual(whole)
  },
  STREAM,
)

statement(
  23,
  'an unfinished marker at the end',
  async (it) => {
    for (const tail of ['[', '[1', ' [1,', '【1†']) {
      it.say([{ search: QUERY }], ['It is out', tail])
      const { message } = await it.messages({})
      expect(textOf(message)).toStartWith('It is out')
    }
  },
  STREAM,
)
