// Work that goes on when its client has gone: its own signal, which follows the client's only after a while.

export interface Lingering {
  readonly signal: AbortSignal
  /** The work is over: nothing waits any more. */
  end(): void
}

/** @param limitMs how long the work may go on after the client has gone. */
export function lingering(gone: AbortSignal, limitMs: number): Lingering {
  const stopping = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const left = (): void => {
    timer = setTimeout(() => stopping.abort(), limitMs)
  }
  if (gone.aborted) left()
  else gone.addEventListener('abort', left, { once: true })
  return {
    signal: stopping.signal,
    end() {
      clearTimeout(timer)
      gone.removeEventListener('abort', left)
    },
  }
}
