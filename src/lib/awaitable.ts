// Values that may still be on their way. What is there already is handled at once, without a turn of the event loop.

/** Goes on with the value: now when it is there, later when it is a promise. */
export function chain<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
