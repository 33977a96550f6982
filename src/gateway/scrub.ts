// Takes the channel's address and credential out of an upstream's words before a client sees them.

import { GatewayError } from '../core/errors.ts'
import type { Candidate } from '../routing/index.ts'

/** The same error with every trace of the channel's host and credential starred. */
export function scrubbed(error: GatewayError, candidate: Candidate): GatewayError {
  const secrets = secretsOf(candidate)
  const { details } = error
  const clean = (text: string): string => secrets.reduce((current, secret) => current.replaceAll(secret, '***'), text)
  const wireText = details.wire === undefined ? undefined : JSON.stringify(details.wire.body)
  const touched = secrets.some((secret) => error.message.includes(secret) || wireText?.includes(secret) === true)
  if (!touched) return error
  return new GatewayError(
    error.code,
    {
      ...details,
      message: clean(error.message),
      ...(details.wire && wireText !== undefined && { wire: { ...details.wire, body: JSON.parse(clean(wireText)) as unknown } }),
    },
    error.cause,
  )
}

function secretsOf({ via }: Candidate): string[] {
  const secrets: string[] = []
  const credential = via.auth.credential?.reveal()
  // Short ones would star innocent words.
  if (credential !== undefined && credential.length >= 6) secrets.push(credential)
  const host = /^[a-z]+:\/\/([^/]+)/i.exec(via.baseUrl)?.[1]
  if (host !== undefined) secrets.push(host)
  return secrets
}
