// Nothing that a client says is lost unspoken: every member of every format, towards every other one, either changes
// what is sent, or is refused, or stands in the receipt.

import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { Warning } from '../../src/core/warning.ts'
import { CHAT_FORMATS, type ChatFormat, CLIENT_CHAT_FORMATS } from '../../src/formats/index.ts'
import { noteCarried } from '../../src/gateway/carried.ts'
import { contextFor, httpRequest } from '../golden/matrix.ts'
import { REQUEST_MEMBERS } from '../kit/request-members/index.ts'

/** What a request leads to, as text: the body sent, the receipt, or the refusal. */
function outcome(client: ChatFormat, upstream: ChatFormat, body: object): { sent: string; receipt: string; refused: boolean } {
  const warnings: Warning[] = []
  try {
    const decoded = client.decodeRequest(httpRequest(client, body), (warning) => void warnings.push(warning))
    noteCarried(decoded, client.id, (warning) => void warnings.push(warning))
    const { body: wire, cutAt } = upstream.encodeRequest(contextFor(upstream, decoded, warnings))
    // How many choices are wanted is also told by how often the request is sent.
    return { sent: JSON.stringify([wire, cutAt, decoded.choices]), receipt: JSON.stringify(warnings), refused: false }
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    return { sent: '', receipt: '', refused: thrown.status === 400 }
  }
}

/** Members whose absence upstream changes nothing for the client, by upstream format or for all (`*`). */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  // Reasoning that an upstream shows is shown to clients of these formats anyway.
  '*': ['reasoning.summary', 'thinking.display'],
  // These hold every answer to its schema.
  'anthropic-messages': ['json_schema.strict', 'text.format.strict'],
  'bedrock-converse': ['json_schema.strict', 'text.format.strict', 'service_tier'],
  'gemini-generate-content': ['json_schema.strict', 'text.format.strict'],
}

for (const client of CLIENT_CHAT_FORMATS) {
  for (const upstream of CHAT_FORMATS) {
    if (upstream === client) continue
    describe(`${client.id} → ${upstream.id}`, () => {
      for (const { member, body, without } of REQUEST_MEMBERS[client.id] ?? []) {
        if ([...(HARMLESS['*'] ?? []), ...(HARMLESS[upstream.id] ?? [])].includes(member)) continue
        test(member, () => {
          const with_ = outcome(client, upstream, body)
          const bare = outcome(client, upstream, without)
          expect(with_.refused || with_.sent !== bare.sent || with_.receipt !== bare.receipt).toBe(true)
        })
      }
    })
  }
}
