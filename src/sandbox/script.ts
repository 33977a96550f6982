// What the sandbox will say: blocks in order, how it ends, and what goes wrong on the way.
// Writers print a script on a wire; `shorten` applies the limits that every vendor applies.

import type { Hit } from './corpus.ts'
import type { Failure } from './failure.ts'
import type { Prompt } from './prompt.ts'
import { countTokens, pieces } from './tokens.ts'

export interface TextBlock {
  readonly kind: 'text'
  readonly text: string
  /** Sources of this text. */
  readonly cites?: readonly Hit[]
}
export interface ReasoningBlock {
  readonly kind: 'reasoning'
  readonly text: string
}
export interface RefusalBlock {
  readonly kind: 'refusal'
  readonly text: string
}
export interface CallBlock {
  readonly kind: 'call'
  readonly name: string
  readonly type: 'function' | 'custom' | 'legacy'
  /** JSON text for a function, plain text for a custom tool. */
  readonly input: string
  readonly namespace?: string
}
export interface SearchBlock {
  readonly kind: 'search'
  readonly query: string
  readonly outcome: readonly Hit[] | string
}
export interface FetchBlock {
  readonly kind: 'fetch'
  readonly url: string
  readonly outcome: Hit | string
}
export type Block = TextBlock | ReasoningBlock | RefusalBlock | CallBlock | SearchBlock | FetchBlock

export type Ending = 'stop' | 'length' | 'tool' | 'refusal'

export interface Script {
  readonly blocks: readonly Block[]
  readonly ending: Ending
  /** The stop sequence that ended the text. */
  readonly stop?: string
}

/** Something that goes wrong after so many pieces of the answer. */
export interface Hitch {
  readonly after: number
  readonly what: 'stall' | 'cut' | 'malformed' | Failure
}

export interface Answer {
  /** One for each choice. */
  readonly choices: readonly Script[]
  readonly usage: ScriptUsage
  readonly hitch?: Hitch
  /** Silence before the first piece. */
  readonly firstMs?: number
  /** Silence before every piece. */
  readonly paceMs?: number
}

export interface ScriptUsage {
  /** First-pass input, cached part included. */
  readonly input: number
  readonly cached: number
  /** Text of search results read on later passes. */
  readonly resultTokens: number
  /** Output without reasoning. */
  readonly output: number
  readonly reasoning: number
  readonly searches: number
  readonly fetches: number
}

/** Cuts a script at the first stop sequence and at the token limit. */
export function shorten(script: Script, limits: Pick<Prompt, 'stops' | 'maxTokens'>): Script {
  const stopped = limits.stops.length === 0 ? script : stopAt(script, limits.stops)
  return limits.maxTokens === undefined ? stopped : limitTo(stopped, limits.maxTokens)
}

function stopAt(script: Script, stops: readonly string[]): Script {
  const blocks: Block[] = []
  for (const block of script.blocks) {
    if (block.kind !== 'text') {
      blocks.push(block)
      continue
    }
    let at = -1
    let hit = ''
    for (const stop of stops) {
      const index = stop === '' ? -1 : block.text.indexOf(stop)
      if (index >= 0 && (at < 0 || index < at)) [at, hit] = [index, stop]
    }
    if (at < 0) {
      blocks.push(block)
      continue
    }
    if (at > 0) blocks.push({ ...block, text: block.text.slice(0, at) })
    return { blocks, ending: 'stop', stop: hit }
  }
  return script
}

function limitTo(script: Script, maxTokens: number): Script {
  let left = maxTokens
  const blocks: Block[] = []
  for (const block of script.blocks) {
    if (block.kind !== 'text' && block.kind !== 'reasoning' && block.kind !== 'refusal') {
      blocks.push(block)
      continue
    }
    const parts = pieces(block.text)
    if (parts.length <= left) {
      blocks.push(block)
      left -= parts.length
      continue
    }
    if (left > 0) blocks.push({ ...block, text: parts.slice(0, left).join('') })
    return { blocks, ending: 'length' }
  }
  return script
}

/** Counts what the scripts cost. */
export function usageOf(prompt: Prompt, choices: readonly Script[]): ScriptUsage {
  let [output, reasoning, resultTokens, searches, fetches] = [0, 0, 0, 0, 0]
  for (const { blocks } of choices) {
    for (const block of blocks) {
      if (block.kind === 'reasoning') reasoning += countTokens(block.text)
      else if (block.kind === 'call') output += Math.ceil((block.name.length + block.input.length) / 4)
      else if (block.kind === 'search') {
        output += countTokens(block.query) + 4
        if (typeof block.outcome === 'string') continue
        searches++
        for (const hit of block.outcome) resultTokens += Math.ceil(hit.text.length / 4)
      } else if (block.kind === 'fetch') {
        output += 8
        fetches++
        if (typeof block.outcome !== 'string') resultTokens += Math.ceil(block.outcome.text.length / 4)
      } else output += countTokens(block.text)
    }
  }
  return { input: prompt.inputTokens, cached: prompt.cachedTokens, resultTokens, output, reasoning, searches, fetches }
}

/** The whole text of a script, without reasoning. */
export const textOf = ({ blocks }: Script): string => blocks.map((block) => (block.kind === 'text' ? block.text : '')).join('')
