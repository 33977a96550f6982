// How an upstream wants to be addressed and who signs: data that `providers/` declares, the channel's row
// completes, and `upstream/` carries out.

import type { Secret } from '../lib/secret.ts'

/** Where a credential goes. Signing schemes say what they need beside it. */
export type AuthScheme =
  | { readonly type: 'none' }
  | { readonly type: 'bearer' }
  /** The credential alone in one header, e.g. `x-api-key`. */
  | { readonly type: 'header'; readonly name: string }
  /** AWS Signature Version 4. Credential: `accessKeyId:secretAccessKey[:sessionToken]`, or a Bedrock API key (sent as bearer). */
  | { readonly type: 'aws-sigv4'; readonly service: string }
  /** OAuth token minted from a Google service-account JSON (the credential), cached until it expires. */
  | { readonly type: 'google-service-account'; readonly scope: string }

/** One channel's way in: the scheme with its secret and the settings signing needs. */
export interface UpstreamAuth {
  readonly scheme: AuthScheme
  readonly credential?: Secret
  /** AWS region, for `aws-sigv4`. */
  readonly region?: string
}
