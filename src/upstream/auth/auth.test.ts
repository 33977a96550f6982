// Signing schemes: what they put on a request, and what they refuse.

import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from 'jose'
import { GatewayError } from '../../core/errors.ts'
import { Secret } from '../../lib/secret.ts'
import type { OutboundRequest } from '../request.ts'
import { createAuthorize } from './authorize.ts'

const request = (
  auth: OutboundRequest['auth'],
  url = 'https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A0/converse',
): OutboundRequest => ({
  channel: 'ch_1',
  method: 'POST',
  url,
  headers: {},
  body: '{}',
  auth,
  headersTimeoutMs: 1,
  idleTimeoutMs: 1,
})

const codeOf = async (work: () => Promise<void> | undefined): Promise<string> => {
  try {
    await work()
    return 'fine'
  } catch (thrown) {
    return thrown instanceof GatewayError ? thrown.code : String(thrown)
  }
}

describe('aws-sigv4', () => {
  const authorize = createAuthorize({ fetch: () => Promise.reject(new Error('no network')), nowMs: Date.now })
  const scheme = { type: 'aws-sigv4', service: 'bedrock' } as const

  test('signs the request with region, service and session', async () => {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    await authorize(request({ scheme, region: 'eu-west-1', credential: new Secret('AKIDEXAMPLE:secret/key+1:session:token') }), headers)
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/,
    )
    expect(headers['x-amz-security-token']).toBe('session:token')
    expect(headers['x-amz-date']).toMatch(/^\d{8}T\d{6}Z$/)
    expect(JSON.stringify(headers)).not.toContain('secret/key')
    expect(headers.host).toBeUndefined()
  })

  test('a Bedrock API key goes as bearer', async () => {
    const headers: Record<string, string> = {}
    expect(authorize(request({ scheme, region: 'eu-west-1', credential: new Secret('ABSKexample') }), headers)).toBeUndefined()
    expect(headers.authorization).toBe('Bearer ABSKexample')
  })

  test('without a region or a key there is nothing to sign with', async () => {
    expect(await codeOf(() => authorize(request({ scheme, credential: new Secret('a:b') }), {}))).toBe('upstream_auth')
    expect(await codeOf(() => authorize(request({ scheme, region: 'eu-west-1' }), {}))).toBe('upstream_auth')
    expect(await codeOf(() => authorize(request({ scheme, region: 'eu-west-1', credential: new Secret('a:') }), {}))).toBe('upstream_auth')
  })
})

describe('google-service-account', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const pem = await exportPKCS8(privateKey)
  const assertions: string[] = []
  let answer: () => Response = () => Response.json({ access_token: `token-${assertions.length}`, expires_in: 3600 })
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(inbound) {
      assertions.push(new URLSearchParams(await inbound.text()).get('assertion') ?? '')
      return answer()
    },
  })
  afterAll(() => server.stop(true))

  const account = JSON.stringify({
    client_email: 'robot@project.iam.gserviceaccount.com',
    private_key: pem,
    private_key_id: 'kid-1',
    token_uri: `http://127.0.0.1:${server.port}/token`,
  })
  const scheme = { type: 'google-service-account', scope: 'https://www.googleapis.com/auth/cloud-platform' } as const
  let now = 1_800_000_000_000
  const fresh = (): ReturnType<typeof createAuthorize> => createAuthorize({ fetch: (url, init) => fetch(url, init), nowMs: () => now })
  const authorized = async (authorize: ReturnType<typeof createAuthorize>, credential: string): Promise<string | undefined> => {
    const headers: Record<string, string> = {}
    await authorize(request({ scheme, credential: new Secret(credential) }), headers)
    return headers.authorization
  }

  test('exchanges one signed assertion, shares it, and renews it before it expires', async () => {
    assertions.length = 0
    const authorize = fresh()
    const both = await Promise.all([authorized(authorize, account), authorized(authorize, account)])
    expect(both).toEqual(['Bearer token-1', 'Bearer token-1'])
    expect(assertions.length).toBe(1)
    const { protectedHeader } = await jwtVerify(assertions[0] as string, publicKey, { currentDate: new Date(now) })
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'kid-1' })
    expect(decodeJwt(assertions[0] as string)).toMatchObject({ iss: 'robot@project.iam.gserviceaccount.com', scope: scheme.scope })
    now += 3_400_000
    expect(await authorized(authorize, account)).toBe('Bearer token-1')
    now += 100_000
    expect(await authorized(authorize, account)).toBe('Bearer token-2')
  })

  test('takes the key in base64, and a ready token as it is', async () => {
    assertions.length = 0
    expect(await authorized(fresh(), btoa(account))).toBe('Bearer token-1')
    expect(await authorized(fresh(), 'ya29.ready')).toBe('Bearer ya29.ready')
    expect(assertions.length).toBe(1)
  })

  test('a refusal is the channel’s, is not kept, and an outage is an outage', async () => {
    const authorize = fresh()
    answer = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    expect(await codeOf(() => authorized(authorize, account).then(() => {}))).toBe('upstream_auth')
    answer = () => new Response('busy', { status: 503 })
    expect(await codeOf(() => authorized(authorize, account).then(() => {}))).toBe('upstream_unreachable')
    answer = () => Response.json({ access_token: 'late', expires_in: 3600 })
    expect(await authorized(authorize, account)).toBe('Bearer late')
  })

  test('an assertion never leaves unencrypted', async () => {
    const plain = JSON.stringify({ ...JSON.parse(account), token_uri: 'http://evil.site.com/token' })
    expect(await codeOf(() => authorized(fresh(), plain).then(() => {}))).toBe('upstream_auth')
    expect(await codeOf(() => authorized(fresh(), '{"client_email":"x"}').then(() => {}))).toBe('upstream_auth')
  })
})
