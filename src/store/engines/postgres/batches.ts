// Group commit for a database on the other side of a socket: while a few batches are under way, further calls collect into the
// next one, so that load makes batches larger and not more.

export interface BatchOptions<In, Out> {
  /** What makes two calls the same: they never share a batch. */
  keyOf(input: In): string
  /** Answers by key; a key without one gets `undefined`. All of it happens, or nothing. */
  run(inputs: readonly In[]): Promise<ReadonlyMap<string, Out>>
  /** Whether the failure is one input's fault: then the others are run without it. */
  isOurs(cause: unknown): boolean
}

/** More would keep more connections busy without being faster. */
const AT_ONCE = 2
const MOST = 500

interface Waiting<In, Out> {
  readonly input: In
  readonly resolve: (output: Out | undefined) => void
  readonly reject: (cause: unknown) => void
}

export function batches<In, Out>({ keyOf, run, isOurs }: BatchOptions<In, Out>): (input: In) => Promise<Out | undefined> {
  let queue: Waiting<In, Out>[] = []
  let underWay = 0
  let scheduled = false

  function schedule(): void {
    if (scheduled || queue.length === 0 || underWay >= AT_ONCE) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      underWay++
      void runBatch(take()).finally(() => {
        underWay--
        schedule()
      })
      schedule()
    })
  }

  function take(): Waiting<In, Out>[] {
    const batch = new Map<string, Waiting<In, Out>>()
    const left: Waiting<In, Out>[] = []
    for (const waiting of queue) {
      const key = keyOf(waiting.input)
      if (batch.size >= MOST || batch.has(key)) left.push(waiting)
      else batch.set(key, waiting)
    }
    queue = left
    return [...batch.values()]
  }

  async function runBatch(batch: readonly Waiting<In, Out>[]): Promise<void> {
    try {
      const outputs = await run(batch.map(({ input }) => input))
      for (const { input, resolve } of batch) resolve(outputs.get(keyOf(input)))
    } catch (cause) {
      if (batch.length > 1 && isOurs(cause)) for (const waiting of batch) await runBatch([waiting])
      else for (const { reject } of batch) reject(cause)
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      queue.push({ input, resolve, reject })
      schedule()
    })
}
