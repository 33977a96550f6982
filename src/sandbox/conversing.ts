// How a well-known model answers in the sandbox: a tool call, a search, JSON, or a short text that says
// that it is the sandbox. The same request always gets the same answer.

import { isObject, type JsonValue } from '../lib/json.ts'
import { callOf, wantedTool } from './calling.ts'
import { instanceOf } from './instance.ts'
import type { Prompt } from './prompt.ts'
import type { Block, Script } from './script.ts'
import { citing, wantedSearch } from './search-calling.ts'
import { fetched, searched, wantsFetch, wantsSearch } from './searching.ts'

const SEARCHING = { kind: 'text', text: 'I will search for that.' } as const

export function converse(prompt: Prompt): Script {
  if (prompt.results.length > 0) return prompt.format ? json(prompt) : said(prompt, citing(prompt.results) ?? quoteResults(prompt))
  const search = wantedSearch(prompt)
  if (search !== undefined) return reasoned(prompt, { blocks: [SEARCHING, search], ending: 'tool' })
  const tool = wantedTool(prompt)
  if (tool !== undefined) return reasoned(prompt, { blocks: [callOf(tool, prompt)], ending: 'tool' })
  if (prompt.format) return json(prompt)
  if (wantsFetch(prompt)) return reasoned(prompt, { blocks: fetched(prompt), ending: 'stop' })
  if (wantsSearch(prompt)) return reasoned(prompt, { blocks: searched(prompt), ending: 'stop' })
  return said(prompt, greeting(prompt))
}

/** Puts reasoning before a script when the request asked for it. */
export function reasoned(prompt: Prompt, script: Script): Script {
  if (!prompt.reasoning.asked) return script
  return { ...script, blocks: [{ kind: 'reasoning', text: thoughts(prompt) }, ...script.blocks] }
}

export const thoughts = ({ text }: Prompt): string =>
  `The user wrote ${excerpt(text)}. The sandbox decides what to answer without thinking.`

export const said = (prompt: Prompt, text: string): Script =>
  reasoned(prompt, { blocks: text === '' ? [] : [{ kind: 'text', text }], ending: 'stop' })

export function json(prompt: Prompt): Script {
  const schema = prompt.format?.schema
  const value: JsonValue = schema === undefined ? { sandbox: true, echo: prompt.text.slice(0, 200) } : instanceOf(schema)
  return said(prompt, JSON.stringify(value))
}

const EXCERPT = 60

/** A short quotation of what somebody wrote, cut between code points. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= EXCERPT) return line === '' ? 'nothing' : `“${line}”`
  return `“${Array.from(line.slice(0, EXCERPT + 1))
    .slice(0, EXCERPT)
    .join('')
    .trimEnd()}…”`
}

export const quoteResults = ({ results }: Prompt): string =>
  `The Switchyard sandbox got ${results.length === 1 ? 'this result' : `these ${results.length} results`}: ${results.map((text) => text.trim().slice(0, 400)).join('\n')}`

function greeting(prompt: Prompt): string {
  const seen = sights(prompt)
  return `Hello from the Switchyard sandbox: no model was asked.${seen} You said: ${excerpt(prompt.text)}`
}

/** `I see 1 image.` with a space before it, or nothing. */
export function sights({ seen }: Prompt): string {
  const parts = [count(seen.images, 'image'), count(seen.audios, 'audio clip'), count(seen.files, 'file')].filter((part) => part !== '')
  return parts.length === 0 ? '' : ` I see ${parts.join(' and ')}.`
}

const count = (amount: number, noun: string): string => (amount === 0 ? '' : `${amount} ${noun}${amount === 1 ? '' : 's'}`)

/** Another choice of the same request: the same but for a mark, so that mixed-up choices show. */
export function variant(script: Script, index: number, prompt: Prompt): Script {
  if (index === 0 || prompt.format !== undefined || script.ending === 'tool') return script
  const at = script.blocks.findLastIndex(({ kind }) => kind === 'text')
  if (at < 0) return script
  const blocks: Block[] = script.blocks.map((block, i) =>
    i === at && block.kind === 'text' ? { ...block, text: `${block.text} (choice ${index + 1})` } : block,
  )
  return { ...script, blocks }
}

/** Text of a tool result's value, whatever its shape. */
export const resultText = (value: unknown): string =>
  typeof value === 'string' ? value : isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value ?? '')
