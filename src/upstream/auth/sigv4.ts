// AWS Signature Version 4. The credential is `accessKeyId:secretAccessKey[:sessionToken]`; one without a
// colon is a Bedrock API key, which goes as bearer.
// https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html

import { AwsV4Signer } from 'aws4fetch'
import { GatewayError } from '../../core/errors.ts'
import type { OutboundRequest } from '../request.ts'
import { bearer } from './bearer.ts'

/** Derived signing keys, good for a day each. Bounded: the day and the region are part of the name. */
const signingKeys = new Map<string, ArrayBuffer>()
const MOST_KEYS = 1000

export function sigv4(
  request: OutboundRequest,
  headers: Record<string, string>,
  { service, secret }: { service: string; secret: string },
): Promise<void> | undefined {
  const [accessKeyId, secretAccessKey, ...session] = secret.split(':')
  if (secretAccessKey === undefined) return bearer(headers, secret)
  const region = request.auth.region
  if (!accessKeyId || !secretAccessKey || !region) {
    throw new GatewayError('upstream_auth', {}, new Error(region ? 'the credential is not of the form id:secret' : 'the region is missing'))
  }
  if (signingKeys.size > MOST_KEYS) signingKeys.clear()
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url,
    headers,
    ...(request.body !== undefined && { body: request.body }),
    accessKeyId,
    secretAccessKey,
    ...(session.length > 0 && { sessionToken: session.join(':') }),
    service,
    region,
    cache: signingKeys,
  })
  return signer.sign().then((signed) => {
    signed.headers.forEach((value, name) => {
      if (name !== 'host') headers[name] = value
    })
  })
}
