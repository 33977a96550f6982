// A server that answers nothing must not hold every request for as long as one: after the first deadline that passes, all
// fail at once until a probe is answered. A server that refuses connections fails quickly by itself.

import { StoreDownError } from '../../engine.ts'

export interface HealthOptions {
  readonly deadlineMs: number
  /** Asks the server for anything. */
  probe(): Promise<unknown>
}

const PROBE_EVERY_MS = 250

export interface Health {
  /** @throws StoreDownError when the deadline passes first; the work goes on, and its outcome is not known. */
  within<T>(work: () => Promise<T>): Promise<T>
  close(): void
}

export function createHealth({ deadlineMs, probe }: HealthOptions): Health {
  let stalled = false
  let closed = false

  async function recover(): Promise<void> {
    while (!closed) {
      if (await answered(probe())) break
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS))
    }
    stalled = false
  }

  return {
    within(work) {
      if (stalled) return Promise.reject(new StoreDownError())
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new StoreDownError())
          if (stalled || closed) return
          stalled = true
          void recover()
        }, deadlineMs)
        work()
          .then(resolve, reject)
          .finally(() => clearTimeout(timer))
      })
    },
    close() {
      closed = true
    },
  }
}

// A refused probe is an answer too: requests then fail quickly by themselves.
const answered = (asked: Promise<unknown>): Promise<boolean> => {
  const waited = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PROBE_EVERY_MS * 4))
  return Promise.race([
    asked.then(
      () => true,
      () => true,
    ),
    waited,
  ])
}
