// Synchronous stream stages: no clock, no I/O. `push` may emit any number of outputs for one input;
// `end` flushes and is called exactly once, also when the source was cut.

export interface Transducer<In, Out> {
  push(input: In, emit: (output: Out) => void): void
  end(emit: (output: Out) => void): void
}

/** Feeds everything `first` emits into `second`. */
export function chain<A, B, C>(first: Transducer<A, B>, second: Transducer<B, C>): Transducer<A, C> {
  return {
    push(input, emit) {
      first.push(input, (middle) => second.push(middle, emit))
    },
    end(emit) {
      first.end((middle) => second.push(middle, emit))
      second.end(emit)
    },
  }
}

/** Runs a whole list through a transducer: for tests and for folding what is already complete. */
export function runThrough<In, Out>(transducer: Transducer<In, Out>, inputs: Iterable<In>): Out[] {
  const outputs: Out[] = []
  const emit = (output: Out): void => void outputs.push(output)
  for (const input of inputs) transducer.push(input, emit)
  transducer.end(emit)
  return outputs
}
