// Web search and web fetch of one exchange: left to the upstream where it keeps every promise of the client's
// declaration, else run by us. Also asked of requests whose history holds results that we sealed, since no upstream can
// read those.

import { GatewayError, invalid } from '../core/errors.ts'
import type { Candidate } from '../routing/index.ts'
import { brokenPromises, readWebTools, SEAL_PREFIX, type WebTools as WebDeclarations } from '../tools/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { NO_BACKEND } from './web.ts'

type Asked = Pick<Admitted, 'call' | 'peek' | 'request'>

/** What remains for us to do. `run`: the hosted tools. `continue`: only what a client of another format cannot: resume a paused turn. */
export type HostedWork = { readonly kind: 'run'; readonly tools: WebDeclarations } | { readonly kind: 'continue' }

/**
 * `undefined` when nothing is left to us: the candidate's answer is the client's.
 * @throws GatewayError 400 for a declaration that breaks its rules, and where nobody can search.
 */
export function hostedWork(admitted: Asked, candidate: Candidate, gateway: Gateway): HostedWork | undefined {
  const { peek, call } = admitted
  const declares = peek.serverTools.includes('web-search') || peek.serverTools.includes('web-fetch')
  const { via } = candidate
  if (!declares) return hasOurHistory(admitted, candidate) ? { kind: 'run', tools: {} } : resumes(admitted, candidate)
  const hosts = via.declared.hostedSearch?.(candidate.upstreamModel) === true
  const sealed = call.http.text.includes(SEAL_PREFIX)
  const own = via.format === call.format
  const { webSearch } = candidate.channel
  if (own && hosts && !sealed && webSearch !== 'gateway' && webSearch !== 'off') return undefined
  // A Chat function of this name means Gemini's own tool on Gemini, and on another Chat host just that function.
  const googleFunction = call.format.id === 'openai-chat' && call.http.body['web_search_options'] === undefined
  if (own && googleFunction) return undefined

  const tools = readWebTools(admitted.request())
  if (hosts && !sealed && webSearch !== 'gateway' && webSearch !== 'off') {
    const willing =
      via.format.id === 'anthropic-messages' || webSearch === 'native' || (googleFunction && via.format.id === 'gemini-generate-content')
    if (willing && brokenPromises(tools, via.format.id, { otherHosted: peek.serverTools.length > 1 }).length === 0) {
      return resumes(admitted, candidate)
    }
  }
  if (webSearch === 'off') throw invalid('tools', 'Web search is switched off for the channel that serves this model (`web_search: off`).')
  if (tools.search !== undefined && !gateway.web.canSearch({ sandbox: candidate.channel.origin === 'sandbox' })) {
    throw new GatewayError('invalid_request', {
      message: NO_BACKEND,
      field: call.format.id === 'openai-chat' ? 'web_search_options' : 'tools',
    })
  }
  return { kind: 'run', tools }
}

/** Results of hosted tools in the history, which the codecs alone cannot hand to this candidate. */
function hasOurHistory({ call }: Asked, { via }: Candidate): boolean {
  if (call.format.id !== 'anthropic-messages') return false
  if (via.format === call.format) return call.http.text.includes(SEAL_PREFIX)
  return call.http.text.includes('server_tool_use') || call.http.text.includes('_tool_result"')
}

/** Anthropic's upstreams pause long turns of their hosted tools; only Anthropic's clients know how to go on. */
const resumes = ({ peek, call }: Asked, { via }: Candidate): HostedWork | undefined =>
  via.format.id === 'anthropic-messages' && via.format !== call.format && peek.serverTools.length > 0 ? { kind: 'continue' } : undefined
