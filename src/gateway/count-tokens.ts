// Counts the input tokens of a request for any model: by the upstream where it speaks the client's format
// and has a counter, else by estimate. Free of charge, never an exchange of its own.

import { GatewayError } from '../core/errors.ts'
import { asNumber, asObject, tryParseJson } from '../lib/json.ts'
import { splice } from '../lib/json-splice.ts'
import { type Candidate, plan } from '../routing/index.ts'
import type { Call, Gateway } from './call.ts'
import { estimateInputTokens } from './estimate.ts'
import { shallow } from './shallow.ts'

/** Where the formats that have a counter keep it, and what their answers call the number. */
const COUNTERS: Readonly<Record<string, { path(model: string): string; member: string; dropped: readonly string[] }>> = {
  'anthropic-messages': { path: () => '/messages/count_tokens', member: 'input_tokens', dropped: ['max_tokens', 'stream'] },
  'gemini-generate-content': { path: (model) => `/models/${encodeURIComponent(model)}:countTokens`, member: 'totalTokens', dropped: [] },
}

/** @throws GatewayError as for an exchange with the same body. */
export async function countTokens(call: Call, gateway: Gateway): Promise<number> {
  await gateway.access.resolve(call.http)
  const peek = call.format.peek(call.http)
  const candidates = plan({
    snapshot: gateway.snapshot(),
    model: peek.model,
    clientFormat: call.format,
    choices: 1,
    nowMs: call.receivedMs,
    cooldowns: gateway.cooldowns,
    random: gateway.random,
  })
  if (candidates.length === 0)
    throw new GatewayError('model_not_found', { message: `The model \`${peek.model}\` does not exist or you do not have access to it.` })
  const estimate = (): number => shallow(() => estimateInputTokens(call.format.decodeRequest(call.http, () => {})))
  const native = candidates.find(({ mode, channel }) => mode === 'passthrough' && channel.provider.local === undefined)
  if (native === undefined) return estimate()
  return (await countedUpstream(call, native, gateway)) ?? estimate()
}

async function countedUpstream(call: Call, { via, upstreamModel, channel }: Candidate, gateway: Gateway): Promise<number | undefined> {
  const counter = COUNTERS[call.format.id]
  if (counter === undefined) return undefined
  try {
    const response = await gateway.upstream.send({
      channel: channel.id,
      method: 'POST',
      url: via.baseUrl + counter.path(upstreamModel),
      headers: { 'content-type': 'application/json', accept: 'application/json', ...via.format.defaultHeaders, ...via.headers },
      body: counterBody(call, upstreamModel),
      auth: via.auth,
      signal: call.signal,
      headersTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
    })
    const text = await response.text()
    if (response.status !== 200) return undefined
    return asNumber(asObject(tryParseJson(text))?.[counter.member])
  } catch {
    // A counter that is down must not stop a session: the estimate serves.
    return undefined
  }
}

function counterBody({ http, format }: Call, upstreamModel: string): string {
  const dropped = COUNTERS[format.id]?.dropped ?? []
  const removals = dropped.filter((name) => name in http.body).map((name) => ({ op: 'remove' as const, path: [name] }))
  const renamed = 'model' in http.body ? [{ op: 'set' as const, path: ['model'], value: upstreamModel }] : []
  return splice(http.text, [...removals, ...renamed])
}
