// What a request asks for, in the sandbox's own words: just enough to choose a behaviour and to count.
// Read by the four wires' readers; it is no model of the conversation and keeps no history.

import type { JsonObject, JsonValue } from '../lib/json.ts'
import { hash } from './tokens.ts'

export interface DeclaredTool {
  readonly name: string
  /** `legacy` is an entry of Chat's `functions`. */
  readonly kind: 'function' | 'custom' | 'legacy'
  readonly schema: JsonValue | undefined
  readonly description: string
  readonly namespace?: string
}

export interface ToolChoice {
  readonly mode: 'auto' | 'none' | 'required'
  /** Only these may be called. */
  readonly names?: readonly string[]
}

export interface HostedSearch {
  readonly maxUses?: number
  readonly allowed: readonly string[]
  readonly blocked: readonly string[]
  /** The request forces this tool. */
  readonly forced: boolean
}

export interface Prompt {
  readonly model: string
  readonly stream: boolean
  /** How many answers. */
  readonly choices: number
  /** Text of the last user message, verbatim. */
  readonly text: string
  readonly tools: readonly DeclaredTool[]
  readonly toolChoice: ToolChoice
  readonly parallel: boolean
  /** Results of client tools since the last assistant turn. */
  readonly results: readonly string[]
  readonly format: { readonly schema?: JsonValue } | undefined
  readonly reasoning: { readonly asked: boolean; readonly shown: boolean }
  readonly maxTokens: number | undefined
  readonly stops: readonly string[]
  readonly search?: HostedSearch
  readonly fetch?: HostedSearch
  readonly logprobs: number | undefined
  readonly seen: Seen
  readonly inputTokens: number
  /** Input tokens that a cache would have served; part of `inputTokens`. */
  readonly cachedTokens: number
  /** Where ids come from: the same for the same conversation, streamed or not. */
  readonly seed: number
  readonly body: JsonObject
}

/** What a reader counts while it walks the messages. */
export interface Seen {
  characters: number
  messages: number
  images: number
  audios: number
  files: number
}

export const nothingSeen = (): Seen => ({ characters: 0, messages: 0, images: 0, audios: 0, files: 0 })

type Derived = 'inputTokens' | 'cachedTokens' | 'seed'

/** Completes a prompt with its counts and its seed. `caching` says that the request asks for a prompt cache. */
export function prompt(parts: Omit<Prompt, Derived>, caching: boolean): Prompt {
  const { seen, tools } = parts
  let characters = seen.characters
  for (const tool of tools)
    characters += tool.name.length + tool.description.length + (tool.schema ? JSON.stringify(tool.schema).length : 0)
  const inputTokens = Math.ceil(characters / 4) + 3 * seen.messages + 85 * seen.images + 120 * seen.files + 50 * seen.audios
  const always = parts.model === 'test/reasoning'
  return {
    ...parts,
    reasoning: always ? { asked: true, shown: true } : parts.reasoning,
    inputTokens,
    cachedTokens: caching ? Math.floor(inputTokens / 2) : 0,
    seed: hash(`${parts.model}\n${seen.messages}\n${parts.results.join('\n')}\n${parts.text}`),
  }
}

/** How strictly the sandbox reads. */
export interface Rules {
  /** Unknown members are refused as the vendor refuses them. */
  readonly strict: boolean
  /** Restrictions of single models and upper bounds that vendors change often are enforced too. */
  readonly modelRules: boolean
}
