// Who is calling. Keys are looked up by hash in the store, through a bounded cache that notices of changes empty.

import { GatewayError } from '../core/errors.ts'
import { chain } from '../lib/awaitable.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'
import type { Awaitable, OperatorStore } from '../store/index.ts'
import { inRanges } from './addresses.ts'
import { type Caller, type KnownKey, knownKey } from './caller.ts'
import { presentedKeys } from './credentials.ts'
import { keyCache } from './key-cache.ts'

/** What of a request names its caller. */
export interface Carrier {
  readonly headers: { get(name: string): string | null }
  readonly query: URLSearchParams
  /** The client's address; asked only for keys that are bound to addresses. Absent: unknown. */
  readonly address?: (() => string | undefined) | undefined
}

export interface Access {
  /**
   * The caller: at once when it is remembered or the store is embedded, else with a promise.
   * @throws GatewayError `unauthenticated` without a valid key or with two different valid ones, `permission_denied` from
   * an address that the key is not bound to.
   */
  resolve(request: Carrier): Awaitable<Caller>
  /** As `resolve`, for callers that cannot wait: with `storage_unavailable` where the store would have to be waited for. */
  identify(request: Carrier): Caller
  /** Forgets what is remembered of a key, after its row changed. */
  forget(hash: string): void
  /** Stops listening to notices. */
  close(): void
}

/** The payload of a notice that concerns every key. */
export const EVERY_KEY = '*'

export function createAccess({ callers, subscribe }: Pick<OperatorStore, 'callers' | 'subscribe'>, nowMs: () => number): Access {
  const cache = keyCache()
  const pending = new Map<string, Promise<KnownKey | undefined>>()
  const close = subscribe('access', {
    notice: (payload) => (payload === EVERY_KEY ? cache.clear() : cache.forget(payload)),
    gap: () => cache.clear(),
  })

  function keyOf(hash: string): Awaitable<KnownKey | undefined> {
    const remembered = cache.get(hash, nowMs())
    if (remembered !== undefined) return remembered.key
    const underWay = pending.get(hash)
    if (underWay !== undefined) return underWay
    const keep = cache.begin(nowMs())
    const found = chain(look(hash), (key) => {
      keep(hash, key)
      return key
    })
    if (found instanceof Promise) {
      pending.set(hash, found)
      const done = (): void => void pending.delete(hash)
      found.then(done, done)
    }
    return found
  }

  function look(hash: string): Awaitable<KnownKey | undefined> {
    return chain(callers.byHash(hash), (row) =>
      row === undefined ? undefined : chain(callers.budgets(row), (budgets) => knownKey(row, budgets, hash)),
    )
  }

  function resolve(request: Carrier): Awaitable<Caller> {
    const presented = presentedKeys(request)
    const [first] = presented
    if (first === undefined)
      throw new GatewayError('unauthenticated', {
        message: 'No API key was given. Send it as Authorization: Bearer, x-api-key or x-goog-api-key.',
      })
    if (presented.length === 1) return chain(keyOf(sha256Hex(first)), (key) => admitted([key], request))
    const found = presented.map((key) => keyOf(sha256Hex(key)))
    return found.some((key) => key instanceof Promise)
      ? Promise.all(found).then((keys) => admitted(keys, request))
      : admitted(found as (KnownKey | undefined)[], request)
  }

  function admitted(keys: readonly (KnownKey | undefined)[], request: Carrier): Caller {
    const now = nowMs()
    let found: KnownKey | undefined
    let refusal = 'The API key is not valid.'
    for (const key of keys) {
      if (key === undefined) continue
      if (key.refusal !== undefined) refusal = key.refusal
      else if (key.untilMs !== undefined && key.untilMs <= now) refusal = 'The API key has expired.'
      else if (found !== undefined && found.caller.keyId !== key.caller.keyId)
        throw new GatewayError('unauthenticated', { message: 'Two different API keys were given. Send one.' })
      else found = key
    }
    if (found === undefined) throw new GatewayError('unauthenticated', { message: refusal })
    if (found.ranges !== undefined && !inRanges(found.ranges, request.address?.()))
      throw new GatewayError('permission_denied', { message: 'The API key may not be used from this address.' })
    return found.caller
  }

  return {
    resolve,
    identify(request) {
      const caller = resolve(request)
      if (!(caller instanceof Promise)) return caller
      caller.catch(() => {})
      throw new GatewayError('storage_unavailable', { retryAfterMs: 1000 })
    },
    forget: (hash) => cache.forget(hash),
    close,
  }
}
