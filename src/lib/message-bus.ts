// Messages between the processes of one installation, by topic: what a bus is, and the one of a single process. Messages
// are hints that something changed; whoever must not miss one reads the store again when the bus tells of a gap.

export interface MessageBus {
  /** False while messages of other processes may fail to arrive: then read the store instead of a cache. */
  readonly live: boolean
  /** Hands the message to every subscriber, this process's own at once. Never throws; `false` when other processes may not get it. */
  publish(topic: string, message: string): Promise<boolean>
  /** @returns ends the subscription. */
  subscribe(topic: string, handler: (message: string) => void): () => void
  /** Called when the bus is live again after a time in which messages may have been lost. @returns ends it. */
  onGap(handler: () => void): () => void
}

/** The subscribers of one process. A handler that throws is told to `onFailure` and does not keep others from theirs. */
export interface Subscribers {
  add(topic: string, handler: (message: string) => void): () => void
  deliver(topic: string, message: string): void
}

export function subscribers(onFailure: (cause: unknown) => void): Subscribers {
  const handlers = new Map<string, Set<(message: string) => void>>()
  return {
    add(topic, handler) {
      // A function of our own, so that one handler may subscribe twice and each subscription ends by itself.
      const own = (message: string): void => handler(message)
      const set = handlers.get(topic) ?? new Set()
      handlers.set(topic, set.add(own))
      return () => {
        set.delete(own)
        if (set.size === 0 && handlers.get(topic) === set) handlers.delete(topic)
      }
    },
    deliver(topic, message) {
      for (const handler of handlers.get(topic) ?? []) {
        try {
          handler(message)
        } catch (cause) {
          onFailure(cause)
        }
      }
    },
  }
}

/** The bus of a process that is alone: never has a gap. */
export function memoryBus(onFailure: (cause: unknown) => void = () => {}): MessageBus {
  const own = subscribers(onFailure)
  const delivered = Promise.resolve(true)
  return {
    live: true,
    publish(topic, message) {
      own.deliver(topic, message)
      return delivered
    },
    subscribe: (topic, handler) => own.add(topic, handler),
    onGap: () => () => {},
  }
}
