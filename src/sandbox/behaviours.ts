// What each model name does. `test/*` names are a public feature, documented in docs/sandbox.md:
//
//   test/echo             the last user text, verbatim         test/tool-call        calls a declared tool, a shell first
//   test/long             N words (first number in the text)   test/parallel-tools   two calls in one turn
//   test/slow-stream      200 ms before every piece            test/reasoning        reasoning, then text
//   test/slow-first-token three seconds of silence first       test/json             JSON, by schema when there is one
//   test/stall-at-12      12 pieces, then silence              test/search           hosted search with citations
//   test/cut-at-5         5 pieces, then the connection dies   test/refusal          a refusal
//   test/error-mid-stream 3 pieces, then an error frame        test/length           cut by its length
//   test/malformed        a frame that is not JSON             test/empty            200 and no bytes
//   test/500-then-ok      fails once in each exchange          test/html             200 and a web page
//   test/400 401 429 429-retry-after 500 529                   that status, always
//
// Every other name answers as `converse` does. Limits, stop sequences and choices apply to all.

import { anyTool, callable, callOf } from './calling.ts'
import { converse, json, quoteResults, reasoned, said, sights, variant } from './conversing.ts'
import { Failure } from './failure.ts'
import type { Memory } from './memory.ts'
import { TEST_MODELS, type TestModel } from './models.ts'
import type { Prompt } from './prompt.ts'
import { type Answer, type Script, shorten, usageOf } from './script.ts'
import { citing, wantedSearch } from './search-calling.ts'
import { searched } from './searching.ts'

/** An answer that is no message of the wire at all. */
export interface Oddity {
  readonly contentType: string
  readonly body: string
}

type Course = Pick<Answer, 'hitch' | 'firstMs' | 'paceMs'>
type Behaviour = (prompt: Prompt) => Script & { readonly course?: Course }

const FILLER =
  'This is the Switchyard sandbox counting: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty and done.'

const MAX_LONG = 100_000

const filler: Behaviour = (prompt) => said(prompt, FILLER)
const after =
  (course: Course): Behaviour =>
  (prompt) => ({ ...said(prompt, FILLER), course })
const overloaded = new Failure(529, 'Overloaded')

const BEHAVIOURS: Readonly<Partial<Record<TestModel, Behaviour>>> = {
  'test/echo': (prompt) => said(prompt, prompt.text === '' ? sights(prompt).trim() : prompt.text),
  'test/long': (prompt) => said(prompt, longText(prompt.text)),
  'test/slow-stream': after({ paceMs: 200 }),
  'test/slow-first-token': after({ firstMs: 3000 }),
  'test/stall-at-12': after({ hitch: { after: 12, what: 'stall' } }),
  'test/cut-at-5': after({ hitch: { after: 5, what: 'cut' } }),
  'test/error-mid-stream': after({ hitch: { after: 3, what: overloaded } }),
  'test/malformed': after({ hitch: { after: 3, what: 'malformed' } }),
  'test/length': (prompt) => shorten(filler(prompt), { stops: [], maxTokens: 8 }),
  'test/refusal': () => ({
    blocks: [{ kind: 'refusal', text: 'The Switchyard sandbox refuses, as this model name asks.' }],
    ending: 'refusal',
  }),
  'test/reasoning': converse,
  'test/json': json,
  'test/tool-call': (prompt) => calling(prompt, 1),
  'test/parallel-tools': (prompt) => calling(prompt, 2),
  'test/search': searching,
  'test/500-then-ok': converse,
}

function calling(prompt: Prompt, count: 1 | 2): Script {
  if (prompt.results.length > 0) return said(prompt, quoteResults(prompt))
  const first = anyTool(prompt)
  if (first === undefined) return said(prompt, 'The Switchyard sandbox has no tool to call: declare one.')
  const second = callable(prompt).find((tool) => tool !== first && tool.kind === first.kind) ?? first
  const tools = count === 2 && prompt.parallel && first.kind !== 'legacy' ? [first, second] : [first]
  return reasoned(prompt, { blocks: tools.map((tool) => callOf(tool, prompt)), ending: 'tool' })
}

function searching(prompt: Prompt): Script {
  if (prompt.results.length > 0) return said(prompt, citing(prompt.results) ?? quoteResults(prompt))
  const search = wantedSearch(prompt)
  if (search !== undefined) return reasoned(prompt, { blocks: [search], ending: 'tool' })
  if (prompt.search === undefined) return said(prompt, 'The Switchyard sandbox has no hosted search to run: declare it.')
  return reasoned(prompt, { blocks: searched(prompt), ending: 'stop' })
}

function longText(text: string): string {
  const asked = Number(/\d+/.exec(text)?.[0] ?? 500)
  const words: string[] = []
  for (let i = 1; i <= Math.min(asked, MAX_LONG); i++) words.push(`word${i}`)
  return words.join(' ')
}

const FAILURES: Readonly<Partial<Record<TestModel, Failure>>> = {
  'test/400': new Failure(400, 'The Switchyard sandbox refuses this request, as its model name asks.', { param: 'model' }),
  'test/401': new Failure(401, 'Incorrect API key provided: the Switchyard sandbox refuses it, as the model name asks.', {
    code: 'invalid_api_key',
  }),
  'test/429': new Failure(429, 'Rate limit reached in the Switchyard sandbox, as the model name asks.'),
  'test/429-retry-after': new Failure(429, 'Rate limit reached in the Switchyard sandbox. Please try again in 1s.', {
    retryAfterSeconds: 1,
  }),
  'test/500': new Failure(500, 'The Switchyard sandbox fails, as the model name asks.'),
  'test/529': overloaded,
}

const ODDITIES: Readonly<Partial<Record<TestModel, Oddity>>> = {
  'test/empty': { contentType: 'application/json', body: '' },
  'test/html': {
    contentType: 'text/html; charset=utf-8',
    body: '<!doctype html><html><body><h1>Switchyard sandbox</h1><p>A page where an answer should be.</p></body></html>',
  },
}

const isTest = (model: string): model is TestModel => (TEST_MODELS as readonly string[]).includes(model)

/**
 * What to answer. `exchange` names the exchange for behaviours with state.
 * @throws Failure for names that always fail, and for `test/500-then-ok` the first time.
 */
export function answerTo(prompt: Prompt, exchange: string, memory: Memory): Answer | Oddity {
  const { model } = prompt
  let behaviour: Behaviour = converse
  if (isTest(model)) {
    const failure = FAILURES[model]
    if (failure !== undefined) throw failure
    const oddity = ODDITIES[model]
    if (oddity !== undefined) return oddity
    if (model === 'test/500-then-ok' && memory.firstTime(exchange))
      throw new Failure(500, 'The Switchyard sandbox fails once, as the model name asks.')
    behaviour = BEHAVIOURS[model] ?? converse
  }
  const { course, ...script } = behaviour(prompt)
  const choices: Script[] = []
  for (let index = 0; index < prompt.choices; index++) choices.push(shorten(variant(script, index, prompt), prompt))
  return { choices, usage: usageOf(prompt, choices), ...course }
}

export const isOddity = (answer: Answer | Oddity): answer is Oddity => 'contentType' in answer
