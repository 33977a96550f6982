// Several model calls that a client sees as one answer: the model asks for a search, we run it and go round again. Text
// streams through as it comes; a call starts when its last argument has come; its result stands right behind it.

import type { Block, ChatRequest, ToolResultBlock } from '../core/chat.ts'
import type { ChatEvent } from '../core/chat-event.ts'
import { ERRORS, GatewayError } from '../core/errors.ts'
import { addUsage, NO_USAGE, type Usage } from '../core/usage.ts'
import type { EventSource } from './events.ts'
import { finishOf, RoundReader } from './round-reader.ts'
import { type HostedCall, resultFor, type Turn } from './turn.ts'

/** Model calls with hosted tools before the last one, which has none. Anthropic's own loop has ten, too. */
const MAX_ROUNDS = 10
const MAX_DURATION_MS = 5 * 60_000
/** A sentence that waits for its marker this long is given out without. */
const HOLD_MS = 1_500

export interface RoundsParts {
  readonly turn: Turn
  /** The first round, at its first content. */
  readonly first: EventSource
  /** Opens a later round. @throws GatewayError */
  open(request: ChatRequest): Promise<EventSource>
  /** Stops searches and upstreams. */
  readonly abort: AbortController
  /** The client's limit of output tokens, which holds for all rounds together. */
  readonly maxOutputTokens?: number
  /** The client's format can say that a turn is paused. */
  readonly pauses: boolean
  nextId(): string
  nowMs(): number
  /** Told what each model call used, as reported, and what it answered. */
  spent(usage: Usage | undefined, answer: () => readonly Block[]): void
}

/** The whole of it as one stream. */
export function rounds(parts: RoundsParts): EventSource {
  const story = play(parts)
  let closed = false
  return {
    async next() {
      if (closed) return undefined
      try {
        const { done, value } = await story.next()
        closed = done === true || value.at(-1)?.type === 'end' || value.at(-1)?.type === 'error'
        return done === true ? undefined : value
      } catch (thrown) {
        closed = true
        parts.abort.abort()
        return [{ type: 'error', error: GatewayError.from(thrown) }]
      }
    },
    cancel() {
      closed = true
      parts.abort.abort()
    },
  }
}

async function* play(parts: RoundsParts): AsyncGenerator<readonly ChatEvent[], undefined> {
  const { turn, abort } = parts
  const overMs = parts.nowMs() + MAX_DURATION_MS
  let block = 0
  const nextBlock = (): number => block++
  let source = parts.first
  let usage: Usage | undefined
  abort.signal.addEventListener('abort', () => source.cancel())

  for (let count = 1, last = false; ; count++) {
    const round = new RoundReader({ turn, nextBlock, nextId: parts.nextId, last })
    for (let next = source.next(); ; next = source.next()) {
      if (round.holds && (await lateAfter(next, HOLD_MS))) yield collected((emit) => round.flush(emit))
      const batch = await next
      if (batch === undefined) break
      const out: ChatEvent[] = []
      for (const event of batch) {
        if (event.type === 'response-start') {
          if (count === 1) out.push(event, ...(await resultsOf(turn.pending, nextBlock)))
        } else if (event.type === 'error') {
          yield [...out, event]
          return
        } else {
          // The first report tells the start of the message how long the prompt is.
          if (event.type === 'usage' && count === 1) out.push(event)
          round.take(event, (shown) => out.push(shown))
        }
      }
      yield out
    }
    yield collected((emit) => round.close(emit))
    parts.spent(round.usage, () => round.content())
    if (round.usage !== undefined) usage = usage === undefined ? round.usage : addUsage(usage, round.usage)

    const results: ToolResultBlock[] = []
    for (const { asked, running } of round.calls) {
      const { content } = await running.outcome
      results.push(resultFor(asked, content))
      yield await resultsOf([running], nextBlock)
    }
    yield round.deferred

    const left = parts.maxOutputTokens === undefined ? undefined : parts.maxOutputTokens - (usage?.outputTokens ?? 0)
    const spent = left !== undefined && left <= 0
    if (last || spent || !wantsMore(round, parts.pauses)) {
      yield ending(round, { finish: finishOf(round, { spent, last, pauses: parts.pauses }), usage, turn })
      return
    }
    last = count >= MAX_ROUNDS || parts.nowMs() > overMs
    source = await reopened(parts, turn.next({ content: round.content(), results }, { last, ...(left !== undefined && { left }) }))
  }
}

function collected(work: (emit: (event: ChatEvent) => void) => void): ChatEvent[] {
  const events: ChatEvent[] = []
  work((event) => events.push(event))
  return events
}

async function lateAfter(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), limitMs)
  })
  const first = await Promise.race([promise.then(() => false), late])
  clearTimeout(timer)
  return first
}

const resultsOf = async (calls: readonly HostedCall[], nextBlock: () => number): Promise<ChatEvent[]> =>
  (await Promise.all(calls.map(({ outcome }) => outcome))).map(({ block: result }) => ({
    type: 'server-tool-result',
    result,
    choice: 0,
    block: nextBlock(),
  }))

function wantsMore(round: RoundReader, pauses: boolean): boolean {
  const reason = round.finish?.finish.reason
  if (round.calls.length === 0) return reason === 'pause' && !pauses
  return !round.asksClient && (reason === undefined || reason === 'tool-calls' || reason === 'stop' || reason === 'stop-sequence')
}

/** A later round has no other candidate to move to; a passing failure is tried once more. */
async function reopened({ open, abort }: RoundsParts, request: ChatRequest): Promise<EventSource> {
  try {
    return await open(request)
  } catch (thrown) {
    const error = GatewayError.from(thrown)
    if (abort.signal.aborted || ERRORS[error.code].retry === 'never') throw error
    return open(request)
  }
}

function ending(
  { finish: told, end }: RoundReader,
  { finish, usage, turn }: { finish: Extract<ChatEvent, { type: 'finish' }>['finish']; usage: Usage | undefined; turn: Turn },
): ChatEvent[] {
  const total = turn.counts === undefined ? usage : { ...(usage ?? NO_USAGE), ...turn.counts }
  return [
    ...(total === undefined ? [] : [{ type: 'usage' as const, usage: total }]),
    { ...told, type: 'finish', choice: 0, finish },
    end ?? { type: 'end' },
  ]
}
