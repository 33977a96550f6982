// Access tokens for a Google service account: a signed assertion is exchanged for a token, which is kept
// until shortly before it expires. Requests that need the same token at the same time share one exchange.
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest

import { importPKCS8, SignJWT } from 'jose'
import { GatewayError } from '../../core/errors.ts'
import { asNumber, asObject, asString, tryParseJson } from '../../lib/json.ts'
import type { FetchLike } from '../request.ts'

const EARLY_MS = 120_000
const LIFETIME_SECONDS = 3600
const EXCHANGE_MS = 10_000
const MOST_TOKENS = 1000

interface ServiceAccount {
  readonly email: string
  readonly privateKey: string
  readonly keyId: string | undefined
  readonly tokenUri: string
}

interface Held {
  readonly token: Promise<string>
  /** When to get another; not known while the exchange runs. */
  expiresMs: number
}

/** A token for the service account whose JSON (bare or in base64) is `credential`. A ready access token is returned as it is. */
export type GoogleToken = (credential: string, scope: string) => Promise<string>

export function createGoogleTokens({ fetch, nowMs }: { fetch: FetchLike; nowMs: () => number }): GoogleToken {
  const held = new Map<string, Held>()

  return (credential, scope) => {
    const account = readAccount(credential)
    if (account === undefined) return Promise.resolve(credential.trim())
    const name = `${account.email} ${account.keyId ?? ''} ${scope}`
    const known = held.get(name)
    if (known !== undefined && nowMs() < known.expiresMs) return known.token
    const exchanged = exchange(account, scope)
    const entry: Held = { token: exchanged.then(({ token }) => token), expiresMs: Number.POSITIVE_INFINITY }
    if (held.size >= MOST_TOKENS) held.clear()
    held.set(name, entry)
    exchanged.then(
      ({ expiresMs }) => {
        entry.expiresMs = expiresMs
      },
      () => held.delete(name),
    )
    return entry.token
  }

  async function exchange(account: ServiceAccount, scope: string): Promise<{ token: string; expiresMs: number }> {
    const startedMs = nowMs()
    const assertion = await signed(account, scope, startedMs)
    let response: Response
    let text: string
    try {
      response = await fetch(account.tokenUri, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString(),
        redirect: 'manual',
        signal: AbortSignal.timeout(EXCHANGE_MS),
      })
      text = await response.text()
    } catch {
      throw new GatewayError('upstream_unreachable', {}, new Error('the token endpoint could not be reached'))
    }
    const body = asObject(tryParseJson(text))
    const token = asString(body?.access_token)
    if (response.status !== 200 || token === undefined) {
      const code = response.status >= 500 ? 'upstream_unreachable' : 'upstream_auth'
      throw new GatewayError(code, {}, new Error(`the token endpoint answered ${response.status}`))
    }
    return { token, expiresMs: startedMs + (asNumber(body?.expires_in) ?? 300) * 1000 - EARLY_MS }
  }
}

async function signed(account: ServiceAccount, scope: string, nowMs: number): Promise<string> {
  const seconds = Math.floor(nowMs / 1000)
  try {
    return await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.keyId !== undefined && { kid: account.keyId }) })
      .setIssuer(account.email)
      .setAudience(account.tokenUri)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + LIFETIME_SECONDS)
      .sign(await importPKCS8(account.privateKey, 'RS256'))
  } catch {
    throw new GatewayError('upstream_auth', {}, new Error('the private key of the service account cannot be used'))
  }
}

/** `undefined` for what is no JSON object, bare or in base64: then it is a token. @throws GatewayError */
function readAccount(credential: string): ServiceAccount | undefined {
  const text = credential.trim()
  const json = asObject(tryParseJson(text.startsWith('{') ? text : decoded(text)))
  if (json === undefined) return undefined
  const email = asString(json.client_email)
  const privateKey = asString(json.private_key)
  const tokenUri = asString(json.token_uri) ?? 'https://oauth2.googleapis.com/token'
  // The assertion opens the account to whoever receives it: only encrypted, or to this very machine.
  if (email === undefined || privateKey === undefined || !/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(tokenUri)) {
    throw new GatewayError('upstream_auth', {}, new Error('the credential is not a service account key'))
  }
  return { email, privateKey, keyId: asString(json.private_key_id), tokenUri }
}

function decoded(text: string): string {
  try {
    return /^ey[A-Za-z0-9+/_=-]+$/.test(text) ? new TextDecoder().decode(Uint8Array.fromBase64(text)) : ''
  } catch {
    return ''
  }
}
