// The depth that the runtime's stack can walk, as a limit on what clients send.

import { GatewayError } from '../core/errors.ts'

/** What is nested deeper than the runtime's stack can walk is the client's fault. @throws GatewayError 400 */
export function shallow<T>(walk: () => T): T {
  try {
    return walk()
  } catch (thrown) {
    throw thrown instanceof RangeError
      ? new GatewayError('invalid_request', { message: 'The request is nested too deeply.' }, thrown)
      : thrown
  }
}
