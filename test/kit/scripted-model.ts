// A model whose turns a test writes once, spoken in whichever wire format it is asked in (OpenAI Chat, Gemini, Anthropic
// Messages, OpenAI Responses), streamed or whole. It also reads what it was asked, in one shape. How each format spells a
// turn stands in `scripted-wires.ts`.

import { readAsked, wrongs } from './scripted-asked.ts'
import { render } from './scripted-wires.ts'
import { type Received, type Script, type ScriptedUpstream, startUpstream } from './upstream.ts'

export type WireFormat = 'chat' | 'gemini' | 'messages' | 'responses'

export type Piece =
  /** Words; each string is a piece of its own on a stream. */
  | string
  /** A pause in milliseconds, on streams. */
  | number
  /** Says nothing more until the other side has gone. */
  | 'hang!'
  | { readonly search: string | object; readonly signature?: string }
  | { readonly fetch: string | object }
  | { readonly call: string; readonly input: object }
  | { readonly think: string; readonly signature?: string }
  /** A content block of Anthropic's format, given as it is. */
  | { readonly block: Record<string, unknown> }

export interface Turn {
  readonly pieces: readonly Piece[]
  readonly finish?: 'length' | 'pause_turn'
  readonly input?: number
  readonly output?: number
  /** Answers with this failure instead. */
  readonly status?: number
}

/** What the model was asked, whatever the format. */
export interface Asked {
  readonly format: WireFormat
  readonly stream: boolean
  /** Names of the declared functions. */
  readonly functions: readonly string[]
  /** Declared tools that are no functions, as they stand on the wire. */
  readonly hosted: readonly Record<string, unknown>[]
  /** `auto`, `none`, `required`, or the one function that must be called. Absent: nothing was said. */
  readonly choice: string | undefined
  /** Texts of all tool results, in order. */
  readonly results: readonly string[]
  readonly system: string
  readonly maxTokens: number | undefined
  readonly text: string
  readonly json: Record<string, unknown>
  readonly received: Received
}

export interface ScriptedModel {
  readonly upstream: ScriptedUpstream
  /** The turns to come; the last one repeats. Forgets what was asked before. */
  say(...turns: readonly (Turn | readonly Piece[] | ((asked: Asked) => Turn | readonly Piece[]))[]): void
  asked(): readonly Asked[]
  /** What a real service would have refused in the requests so far. */
  wrongs(): readonly string[]
}

export function startModel(): ScriptedModel {
  const upstream = startUpstream()
  let asked: Asked[] = []
  let problems: string[] = []
  return {
    upstream,
    asked: () => asked,
    wrongs: () => problems,
    say(...turns) {
      asked = []
      problems = []
      upstream.received.length = 0
      upstream.answer((request): Script => {
        const view = readAsked(request)
        const round = asked.length
        asked.push(view)
        problems.push(...wrongs(view))
        const next = turns[Math.min(round, turns.length - 1)] ?? ['']
        const given = typeof next === 'function' ? next(view) : next
        return render(isTurn(given) ? given : { pieces: given }, view, round)
      })
    },
  }
}

const isTurn = (value: Turn | readonly Piece[]): value is Turn => !Array.isArray(value)
