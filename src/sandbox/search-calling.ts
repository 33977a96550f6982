// Search and fetch as ordinary functions, which is how whoever stands before a model without hosted tools offers them:
// when to call them, and an answer from numbered sources that names them by number, as models are told to.

import { callable } from './calling.ts'
import type { DeclaredTool, Prompt } from './prompt.ts'
import type { CallBlock } from './script.ts'
import { asksForSearch, queryOf, urlIn } from './searching.ts'

const SEARCH = /^(?:hosted_)?web_search(?:_\d+)?$/
const FETCH = /^(?:hosted_)?web_fetch(?:_\d+)?$/

/** The call of a search or fetch function that a model would make here. */
export function wantedSearch(prompt: Prompt): CallBlock | undefined {
  const tools = callable(prompt)
  const url = urlIn(prompt.text)
  const fetch = tools.find(({ name }) => FETCH.test(name))
  if (fetch !== undefined && url !== undefined) return call(fetch, { url })
  const search = tools.find(({ name }) => SEARCH.test(name))
  if (search === undefined) return undefined
  const alone = tools.every(({ name }) => SEARCH.test(name) || FETCH.test(name))
  return alone || prompt.toolChoice.mode === 'required' || asksForSearch(prompt.text)
    ? call(search, { query: queryOf(prompt.text) })
    : undefined
}

const call = ({ name, kind, namespace }: DeclaredTool, input: Record<string, string>): CallBlock => ({
  kind: 'call',
  name,
  type: kind,
  input: JSON.stringify(input),
  ...(namespace !== undefined && { namespace }),
})

const CITED = 3
/** `[1] A title`, then lines about the source, then its text. */
const SOURCE = /^\[(\d{1,3})\] .*\nURL: .*(?:\nAge: .*)?\n\n(.+)$/gm

/** An answer from numbered sources; `undefined` when the results hold none. */
export function citing(results: readonly string[]): string | undefined {
  const sources = results.flatMap((text) => [...text.matchAll(SOURCE)])
  if (sources.length === 0) return undefined
  const claims = sources.slice(0, CITED).map(([, number, text = '']) => `${sentence(text)} [${number}]`)
  return `The Switchyard sandbox found this: ${claims.join(' ')}\n\nNo model was asked and no network was used.`
}

const sentence = (text: string): string => /^.{8,300}?[.!?](?=\s|$)/.exec(text)?.[0] ?? text.slice(0, 200)
