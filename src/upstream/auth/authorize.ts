// Puts a channel's credential on a request, by the scheme its provider declares. Schemes that need no
// calculation finish at once, so that the common case costs no turn of the event loop.

import { GatewayError } from '../../core/errors.ts'
import type { FetchLike, OutboundRequest } from '../request.ts'
import { bearer } from './bearer.ts'
import { createGoogleTokens } from './google.ts'
import { header } from './header.ts'
import { sigv4 } from './sigv4.ts'

/** Adds to `headers`. Returns a promise only when the scheme has to wait. @throws GatewayError `upstream_auth` */
export type Authorize = (request: OutboundRequest, headers: Record<string, string>) => Promise<void> | undefined

export interface AuthorizeParts {
  readonly fetch: FetchLike
  readonly nowMs: () => number
}

export function createAuthorize(parts: AuthorizeParts): Authorize {
  const googleToken = createGoogleTokens(parts)
  return (request, headers) => {
    const { scheme, credential } = request.auth
    if (scheme.type === 'none') return undefined
    // The runtime's own error would quote the value.
    const secret = credential?.reveal()
    if (secret === undefined || secret === '') throw missing()
    if (scheme.type === 'bearer') return bearer(headers, clean(secret))
    if (scheme.type === 'header') return header(headers, scheme.name, clean(secret))
    if (scheme.type === 'aws-sigv4') return sigv4(request, headers, { service: scheme.service, secret: clean(secret) })
    return googleToken(secret, scheme.scope).then((token) => bearer(headers, token))
  }
}

const missing = (): GatewayError =>
  new GatewayError('upstream_auth', { message: 'The channel has no credential.' }, new Error('no credential'))

/** A pasted key often ends in a line break, which no header may hold. */
function clean(secret: string): string {
  const trimmed = secret.trim()
  if (/[\u0000-\u001f\u007f]|[^\u0000-\u00ff]/.test(trimmed)) {
    throw new GatewayError('upstream_auth', {}, new Error('the credential holds characters that a header cannot carry'))
  }
  return trimmed
}
