// Makes API keys. The key is shown once; only its hash is stored.

import { prefixedId, secretText } from '../lib/ids.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'
import type { KeyRepository } from '../store/index.ts'

/** Stores a fresh key and returns it: the only moment it exists in clear. */
export async function issueKey(keys: KeyRepository, name: string, nowMs: number): Promise<string> {
  const key = `sk-${secretText(48)}`
  await storeKey(keys, { key, name, nowMs })
  return key
}

/** Makes a key the operator chose valid, unless it is already. */
export async function storeKey(keys: KeyRepository, { key, name, nowMs }: { key: string; name: string; nowMs: number }): Promise<void> {
  const hash = sha256Hex(key)
  if (keys.byHash(hash) !== undefined) return
  await keys.insert({
    id: prefixedId('key', nowMs),
    name,
    hash,
    hint: `${key.slice(0, 7)}…${key.slice(-4)}`,
    createdMs: nowMs,
    revokedMs: null,
  })
}
