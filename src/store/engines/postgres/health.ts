// A server that answers nothing must not hold every request for as long as one: after the first deadline that passes, all
// fail at once until a probe is answered. A server that refuses connections fails quickly by itself.

import { StoreDownError } from '../../engine.ts'

export interface HealthOptions {
  readonly deadlineMs: number
  /** Asks the server for anything. */
  probe(): Promise<unknown>
  /** Whether a failure means that the server is not there. */
  isDown(cause: unknown): boolean
}

const PROBE_EVERY_MS = 250
const ASK_EVERY_MS = 500

export interface Health {
  /** @throws StoreDownError when the deadline passes first; the work goes on, and its outcome is not known. */
  within<T>(work: () => Promise<T>): Promise<T>
  /** Whether the server answered when it was last asked, which is a moment ago at most. */
  up(): boolean
  close(): void
}

export function createHealth({ deadlineMs, probe, isDown }: HealthOptions): Health {
  let stalled = false
  let closed = false
  let up = true
  let asking = false

  // Work that asks for nothing before its end must know beforehand whether its end can be written.
  const timer = setInterval(() => {
    if (asking || stalled) return
    asking = true
    const done = (): void => void (asking = false)
    within(probe).then(done, done)
  }, ASK_EVERY_MS)
  timer.unref?.()

  async function recover(): Promise<void> {
    while (!closed) {
      if (await answered(probe())) break
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS))
    }
    stalled = false
  }

  function within<T>(work: () => Promise<T>): Promise<T> {
    if (stalled) return Promise.reject(new StoreDownError())
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        up = false
        reject(new StoreDownError())
        if (stalled || closed) return
        stalled = true
        void recover()
      }, deadlineMs)
      work()
        .then(
          (value) => {
            up = true
            resolve(value)
          },
          (cause: unknown) => {
            up = !isDown(cause)
            reject(cause)
          },
        )
        .finally(() => clearTimeout(deadline))
    })
  }

  return {
    within,
    up: () => up && !stalled,
    close() {
      closed = true
      clearInterval(timer)
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
