// Stop sequences that the upstream could not be told: its answer is cut where one begins, and the upstream is
// stopped. Only spoken text is searched; reasoning and the arguments of calls go by.

import type { Block, ChatResponse } from '../core/chat.ts'
import { type ChatEvent, foldEvents, unfoldResponse } from '../core/chat-event.ts'
import type { Usage } from '../core/usage.ts'
import type { ChatContext } from '../formats/index.ts'
import { runThrough, type Transducer } from '../lib/transducer.ts'
import { estimateInputTokens, textTokens } from './estimate.ts'

export interface Cut {
  /** None of them empty. */
  readonly sequences: readonly string[]
  /** How many choices the stream gives: it ends when all are cut or finished. */
  readonly choices: number
  /** What was consumed up to the cut, for upstreams that would only have told at their end. */
  usage(words: string): Usage
}

/** What must be cut from the answer of a request in this context; `undefined`: nothing. */
export const cutOf = ({ cutAt, request }: ChatContext): Cut | undefined =>
  cutAt === undefined || cutAt.length === 0
    ? undefined
    : {
        sequences: cutAt,
        choices: request.choices,
        usage: (words) => ({ inputTokens: estimateInputTokens(request), outputTokens: textTokens(words), estimated: true }),
      }

type Emit = (event: ChatEvent) => void
type Opened = Extract<ChatEvent, { type: 'text-start' | 'reasoning-start' | 'tool-call-start' | 'server-tool-start' }>

interface Choice {
  readonly open: Map<number, Opened['type']>
  /** The end of a text that may be the beginning of a sequence, by block. */
  readonly held: Map<number, string>
  over: boolean
}

/** Events up to the first sequence of each choice; then that choice's finish, and nothing more of it. */
export function stopAt({ sequences, choices: expected, usage }: Cut): Transducer<ChatEvent, ChatEvent> {
  const choices = new Map<number, Choice>()
  let words = ''
  let told = false
  let cut = false
  let ended = false

  const choiceAt = (index: number): Choice => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = { open: new Map(), held: new Map(), over: false }
      choices.set(index, choice)
    }
    return choice
  }

  function say(event: Extract<ChatEvent, { type: 'text-delta' }>, choice: Choice, emit: Emit): void {
    const text = (choice.held.get(event.block) ?? '') + event.text
    const found = firstOf(sequences, text)
    const length = found === undefined ? text.length - heldLength(sequences, text) : found.at
    choice.held.set(event.block, text.slice(length))
    words += text.slice(0, length)
    if (length > 0) emit({ ...event, text: text.slice(0, length) })
    if (found !== undefined) stop(event.choice, choice, { sequence: found.sequence, emit })
  }

  function stop(index: number, choice: Choice, { sequence, emit }: { sequence: string; emit: Emit }): void {
    cut = true
    choice.over = true
    for (const [block, type] of choice.open) emit({ type: ENDS[type], choice: index, block })
    emit({ type: 'finish', choice: index, finish: { reason: 'stop-sequence', stopSequence: sequence } })
    if (choices.size < expected || [...choices.values()].some(({ over }) => !over)) return
    ended = true
    if (!told) emit({ type: 'usage', usage: usage(words) })
    emit({ type: 'end' })
  }

  function flush(block: number, { choice, index, emit }: { choice: Choice; index: number; emit: Emit }): void {
    const rest = choice.held.get(block) ?? ''
    choice.held.delete(block)
    words += rest
    if (rest !== '') emit({ type: 'text-delta', choice: index, block, text: rest })
  }

  return {
    push(event, emit) {
      if (ended) return
      if (event.type === 'usage') told = true
      if (event.type === 'end' && cut && !told) emit({ type: 'usage', usage: usage(words) })
      if (event.type === 'error' || event.type === 'end') ended = true
      if (!('choice' in event)) return emit(event)
      const choice = choiceAt(event.choice)
      if (choice.over) return
      switch (event.type) {
        case 'text-delta':
          return say(event, choice, emit)
        case 'text-start':
        case 'reasoning-start':
        case 'tool-call-start':
        case 'server-tool-start':
          choice.open.set(event.block, event.type)
          break
        case 'text-end':
        case 'reasoning-end':
        case 'tool-call-end':
        case 'server-tool-end':
          flush(event.block, { choice, index: event.choice, emit })
          choice.open.delete(event.block)
          break
        case 'finish':
          choice.over = true
      }
      emit(event)
    },
    end() {},
  }
}

const ENDS = {
  'text-start': 'text-end',
  'reasoning-start': 'reasoning-end',
  'tool-call-start': 'tool-call-end',
  'server-tool-start': 'server-tool-end',
} as const

function firstOf(sequences: readonly string[], text: string): { at: number; sequence: string } | undefined {
  let first: { at: number; sequence: string } | undefined
  let firstEnd = Number.POSITIVE_INFINITY
  for (const sequence of sequences) {
    const at = text.indexOf(sequence)
    const end = at + sequence.length
    // A model stops at the one that is complete first; of two that are complete together the longer one matched.
    if (at < 0 || end > firstEnd || (end === firstEnd && at >= (first?.at ?? 0))) continue
    first = { at, sequence }
    firstEnd = end
  }
  return first
}

/** Length of the longest end of `text` with which some sequence begins. */
function heldLength(sequences: readonly string[], text: string): number {
  let longest = 0
  for (const sequence of sequences) {
    for (let length = Math.min(sequence.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(sequence.slice(0, length))) longest = length
    }
  }
  return longest
}

/** A whole answer cut short. Its usage stays: all of it was made. */
export function cutResponse(response: ChatResponse, cut: Cut | undefined): ChatResponse {
  if (cut === undefined || !response.choices.some(({ content }) => content.some((block) => holds(block, cut.sequences)))) return response
  const stage = stopAt({ ...cut, choices: Number.POSITIVE_INFINITY })
  const { usage: estimated, ...whole } = foldEvents(runThrough(stage, unfoldResponse(response)))
  const usage = response.usage ?? estimated
  return { ...whole, ...(usage && { usage }) }
}

const holds = (block: Block, sequences: readonly string[]): boolean =>
  (block.type === 'text' || block.type === 'refusal') && sequences.some((sequence) => block.text.includes(sequence))
