// Several calls answering one request with `n` choices, for upstreams that give one choice a call.
// Their events are interleaved under distinct choice numbers and their usage is summed.

import type { ChatResponse } from '../core/chat.ts'
import type { ChatEvent } from '../core/chat-event.ts'
import { addUsage, type Usage } from '../core/usage.ts'
import type { EventSource } from './events.ts'

/** Joins sources of one choice each. An error of one ends the whole; the others are cancelled. */
export function joined(sources: readonly EventSource[]): EventSource {
  const waiting = new Map<number, Promise<{ index: number; batch: readonly ChatEvent[] | undefined }>>()
  const usages: (Usage | undefined)[] = sources.map(() => undefined)
  let open = sources.length
  let started = false
  const pull = (index: number): void => {
    const source = sources[index] as EventSource
    waiting.set(
      index,
      source.next().then((batch) => ({ index, batch })),
    )
  }
  const cancel = (): void => {
    for (const source of sources) source.cancel()
  }
  for (const index of sources.keys()) pull(index)

  function relabel(event: ChatEvent, index: number, out: ChatEvent[]): boolean {
    switch (event.type) {
      case 'response-start':
        if (!started) out.push(event)
        started = true
        return true
      case 'usage':
        usages[index] = event.usage
        return true
      case 'end':
        open--
        if (open > 0) return true
        if (usages.some((usage) => usage !== undefined)) out.push({ type: 'usage', usage: summed(usages) })
        out.push(event)
        return false
      case 'error':
        out.push(event)
        return false
      default:
        out.push('choice' in event ? ({ ...event, choice: index } as ChatEvent) : event)
        return true
    }
  }

  return {
    async next() {
      if (waiting.size === 0) return undefined
      const { index, batch } = await Promise.race(waiting.values())
      waiting.delete(index)
      if (batch === undefined) return waiting.size === 0 ? undefined : []
      const out: ChatEvent[] = []
      let goOn = true
      for (const event of batch) if (goOn) goOn = relabel(event, index, out)
      if (!goOn) {
        waiting.clear()
        cancel()
      } else if (batch.at(-1)?.type !== 'end') pull(index)
      return out
    },
    cancel,
  }
}

const summed = (usages: readonly (Usage | undefined)[]): Usage => usages.filter((usage) => usage !== undefined).reduce(addUsage)

/** Whole answers of one choice each as one answer of several. */
export function joinedResponse(responses: readonly ChatResponse[]): ChatResponse {
  const [first] = responses
  if (first === undefined || responses.length === 1) return first as ChatResponse
  const usages = responses.map(({ usage }) => usage).filter((usage) => usage !== undefined)
  const { usage: _usage, ...rest } = first
  return {
    ...rest,
    choices: responses.flatMap(({ choices }, index) => choices.slice(0, 1).map((choice) => ({ ...choice, index }))),
    ...(usages.length > 0 && { usage: usages.reduce(addUsage) }),
  }
}
