// Makes API keys. The key is shown once; only its hash is stored.

import { GatewayError } from '../core/errors.ts'
import { prefixedId, secretText } from '../lib/ids.ts'
import { sha256Hex } from '../lib/platform/runtime.ts'
import { DEFAULT_PROJECT, type IssuedKeyRow, type OperatorStore } from '../store/index.ts'

/** A fresh key: in clear this once. */
export interface FreshKey {
  readonly key: string
  readonly hash: string
  /** Enough of it for people to recognise it. */
  readonly hint: string
}

const PREFIX = { live: 'sk-', test: 'sk-test-' } as const

export function freshKey(mode: 'live' | 'test'): FreshKey {
  const key = PREFIX[mode] + secretText(48)
  return { key, ...shownOf(key) }
}

/** What is stored of a key. */
export function shownOf(key: string): Pick<FreshKey, 'hash' | 'hint'> {
  // The end of a short key would be much of it.
  return {
    hash: sha256Hex(key),
    hint: key.length < 20 ? `${key.slice(0, 3)}…` : `${key.slice(0, key.startsWith(PREFIX.test) ? 12 : 7)}…${key.slice(-4)}`,
  }
}

/** A key row with nothing but what every key has. */
export function plainKey(name: string, { hash, hint }: Pick<FreshKey, 'hash' | 'hint'>, nowMs: number): IssuedKeyRow {
  return {
    id: prefixedId('key', nowMs),
    name,
    hash,
    hint,
    projectId: DEFAULT_PROJECT,
    userId: null,
    groupId: null,
    role: null,
    mode: 'live',
    twinOf: null,
    models: null,
    channels: null,
    addresses: null,
    requestsPerMinute: null,
    tokensPerMinute: null,
    concurrency: null,
    tags: {},
    expiresMs: null,
    revokedMs: null,
    previousHash: null,
    previousUntilMs: null,
    createdMs: nowMs,
    updatedMs: nowMs,
    version: 1,
  }
}

/** Stores a fresh key with full access and returns it: the only moment it exists in clear. */
export async function issueFirstKey({ keys, write }: Pick<OperatorStore, 'keys' | 'write'>, nowMs: number): Promise<string> {
  const fresh = freshKey('live')
  await write([keys.insert({ ...plainKey('first key', fresh, nowMs), role: 'owner' })])
  return fresh.key
}

/** Makes the key that the operator chose valid and gives it full access, whatever became of it before. */
export async function storeAdminKey(store: Pick<OperatorStore, 'keys' | 'write'>, key: string, nowMs: number): Promise<void> {
  const shown = shownOf(key)
  const row = await store.keys.find({ hash: shown.hash })
  if (row !== undefined && row.revokedMs === null && row.role === 'owner' && row.expiresMs === null && row.addresses === null) return
  const change =
    row === undefined
      ? store.keys.insert({ ...plainKey('admin', shown, nowMs), role: 'owner' })
      : store.keys.update(row, { revokedMs: null, expiresMs: null, addresses: null, role: 'owner', updatedMs: nowMs })
  try {
    await store.write([change])
  } catch (thrown) {
    // Another process of the same installation does the same at its start.
    if (!(thrown instanceof GatewayError && thrown.code === 'conflict')) throw thrown
  }
}
