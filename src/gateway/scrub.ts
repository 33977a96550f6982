// Takes the channel's address and credential out of an upstream's words before a client sees them.

import { GatewayError } from '../core/errors.ts'
import type { Candidate } from '../routing/index.ts'

/** The same error with every trace of the channel's host, credential and account starred. */
export function scrubbed(error: GatewayError, candidate: Candidate): GatewayError {
  const secrets = secretsOf(candidate)
  const { details } = error
  const clean = (text: string): string =>
    secrets.reduce((current, secret) => current.replaceAll(secret, '***'), text).replace(SECRETS, '***')
  const message = clean(error.message)
  const wireText = details.wire === undefined ? undefined : JSON.stringify(details.wire.body)
  const cleanWire = wireText === undefined ? undefined : clean(wireText)
  if (message === error.message && cleanWire === wireText) return error
  return new GatewayError(
    error.code,
    {
      ...details,
      message,
      ...(details.wire && cleanWire !== undefined && { wire: { ...details.wire, body: JSON.parse(cleanWire) as unknown } }),
    },
    error.cause,
  )
}

/** Keys of the usual makes, the accounts that upstreams name in their limits, and addresses of private networks. */
const SECRETS =
  /\b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?::\d+)?\b|\b(?:sk|rk|gsk|xai|pplx|nvapi|csk)[-_][A-Za-z0-9_*-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\borg-[A-Za-z0-9]{8,}|\bproj_[A-Za-z0-9]{8,}|\bAKIA[A-Z0-9]{12,}/g

function secretsOf({ via }: Candidate): string[] {
  const secrets: string[] = []
  const credential = via.auth.credential?.reveal()
  // Short ones would star innocent words.
  if (credential !== undefined && credential.length >= 6) secrets.push(credential)
  const host = /^[a-z]+:\/\/([^/]+)/i.exec(via.baseUrl)?.[1]
  if (host !== undefined) secrets.push(host)
  return secrets
}
