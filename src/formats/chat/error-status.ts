// Upstream statuses that mean the same in every format: proxies in between answer with them, whatever the format.

import type { ErrorCode } from '../../core/errors.ts'

/** Cloudflare's own statuses among them: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/ */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'upstream_auth',
  402: 'upstream_quota',
  403: 'upstream_auth',
  404: 'upstream_not_found',
  // Between us and the upstream: nothing that the client could mend.
  407: 'upstream_error',
  408: 'upstream_timeout',
  429: 'upstream_rate_limited',
  499: 'upstream_error',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  522: 'upstream_timeout',
  524: 'upstream_timeout',
  529: 'upstream_overloaded',
  598: 'upstream_timeout',
  599: 'upstream_timeout',
}

/** What a refusal of this status means when its body says nothing better. */
export const codeOfStatus = (status: number): ErrorCode =>
  CODES[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_error')
