// Notices between nodes: LISTEN and NOTIFY on one connection of its own. The client listens again by itself after the
// connection was lost; what was said in between is lost, hence the gap.

import type { SQL } from 'bun'
import type { Subscriber } from '../../engine.ts'

const RETRY_MS = 500

export interface Notices {
  subscribe(channel: string, subscriber: Subscriber): () => void
  close(): void
}

export function postgresNotices(sql: SQL): Notices {
  const stops = new Set<() => void>()

  function subscribe(channel: string, subscriber: Subscriber): () => void {
    let stopped = false
    let unlisten: (() => Promise<void>) | undefined
    const stop = (): void => {
      stopped = true
      stops.delete(stop)
      void unlisten?.().catch(() => {})
    }
    const listen = async (): Promise<void> => {
      while (!stopped) {
        try {
          const subscription = await sql.listen(
            channel,
            (payload) => {
              if (!stopped) subscriber.notice(payload)
            },
            () => {
              if (!stopped) subscriber.gap()
            },
          )
          unlisten = () => subscription.unlisten()
          if (stopped) await unlisten().catch(() => {})
          return
        } catch {
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        }
      }
    }
    stops.add(stop)
    void listen()
    return stop
  }

  return {
    subscribe,
    close() {
      for (const stop of [...stops]) stop()
    },
  }
}
