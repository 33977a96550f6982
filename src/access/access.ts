// Who is calling. Keys are looked up by hash in the store, through a bounded cache of those that exist.

import { GatewayError } from '../core/errors.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'
import type { KeyRepository } from '../store/index.ts'
import { presentedKeys } from './credentials.ts'

/** The identified key of an exchange. */
export interface Caller {
  readonly keyId: string
  readonly name: string
}

export interface Access {
  /** @throws GatewayError `unauthenticated` without a valid key, or with two different valid ones. */
  identify(request: { headers: { get(name: string): string | null }; query: URLSearchParams }): Caller
  /** Forgets what is cached of a key, after its row changed. */
  forget(hash: string): void
}

const CACHE_SIZE = 10_000

export function createAccess(keys: KeyRepository): Access {
  const cache = new Map<string, Caller>()

  function callerOf(key: string): Caller | undefined {
    const hash = sha256Hex(key)
    const cached = cache.get(hash)
    if (cached !== undefined) return cached
    const row = keys.byHash(hash)
    if (row === undefined) return undefined
    const caller: Caller = { keyId: row.id, name: row.name }
    if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string)
    cache.set(hash, caller)
    return caller
  }

  return {
    identify(request) {
      const presented = presentedKeys(request)
      if (presented.length === 0)
        throw new GatewayError('unauthenticated', {
          message: 'No API key was given. Send it as Authorization: Bearer, x-api-key or x-goog-api-key.',
        })
      let found: Caller | undefined
      for (const key of presented) {
        const caller = callerOf(key)
        if (caller === undefined) continue
        if (found !== undefined && found.keyId !== caller.keyId) {
          throw new GatewayError('unauthenticated', { message: 'Two different API keys were given. Send one.' })
        }
        found = caller
      }
      if (found === undefined) throw new GatewayError('unauthenticated', { message: 'The API key is not valid.' })
      return found
    },
    forget: (hash) => void cache.delete(hash),
  }
}
