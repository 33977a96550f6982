// A stream that ends at the client's stop sequences, for upstreams that cannot be told them.

import type { ChatEvent } from '../core/chat-event.ts'
import type { EventSource } from './events.ts'
import { type Cut, stopAt } from './stop-sequences.ts'

/** The source cut short. The upstream is stopped at the cut: nobody reads on, and every further token costs. */
export function cutSource(source: EventSource, cut: Cut | undefined): EventSource {
  if (cut === undefined) return source
  const stage = stopAt(cut)
  let over = false
  return {
    async next() {
      if (over) return undefined
      const batch = await source.next()
      if (batch === undefined) return undefined
      const out: ChatEvent[] = []
      for (const event of batch) stage.push(event, (next) => out.push(next))
      over = out.at(-1)?.type === 'end' || out.at(-1)?.type === 'error'
      if (over) source.cancel()
      return out
    },
    cancel: source.cancel,
  }
}
