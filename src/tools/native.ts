// Whether an upstream's own search can keep what the client's declaration promises. A filter is a policy statement:
// where the upstream cannot express one, the gateway runs the search itself.

import type { DomainRule } from './domains.ts'
import type { WebTools } from './settings.ts'

/** How many hosts Responses takes in one filter. */
const RESPONSES_DOMAINS = 100

const plainHosts = (rules: readonly DomainRule[]): boolean =>
  rules.every(({ path }) => path === undefined) && rules.length <= RESPONSES_DOMAINS

/**
 * The fields of the declared tools that an upstream of a format cannot honour; none means that native search will do.
 * @param options `vertex`: the Gemini of Google's cloud, which has a block list. `otherHosted`: other hosted tools share
 *   the upstream's one cap on calls.
 */
export function brokenPromises(
  tools: WebTools,
  upstreamFormat: string,
  options: { vertex?: boolean; otherHosted?: boolean } = {},
): string[] {
  const { search, fetch } = tools
  const broken: string[] = []
  const add = (field: string, is: boolean): void => void (is && broken.push(field))
  if (upstreamFormat === 'anthropic-messages') {
    // It takes one list, as our own reading of Anthropic's tool does; other formats may have sent both.
    for (const tool of [search, fetch]) if (tool) add('blocked_domains', tool.rules.allowed.length > 0 && tool.rules.blocked.length > 0)
    add('time_range', search?.timeRange !== undefined)
    return broken
  }
  const responses = upstreamFormat === 'openai-responses'
  const chat = upstreamFormat === 'openai-chat'
  const gemini = upstreamFormat === 'gemini-generate-content'
  if (!responses && !chat && !gemini) return ['web_search', ...(fetch ? ['web_fetch'] : [])]
  if (search) {
    add('max_uses', search.maxUses !== undefined && !(responses && options.otherHosted !== true && fetch === undefined))
    add('allowed_domains', search.rules.allowed.length > 0 && !(responses && plainHosts(search.rules.allowed)))
    add(
      'blocked_domains',
      search.rules.blocked.length > 0 && !((responses || (gemini && options.vertex === true)) && plainHosts(search.rules.blocked)),
    )
    add('user_location', search.location !== undefined && gemini)
    add('time_range', search.timeRange !== undefined && (!gemini || options.vertex === true))
    // Only some Chat models search, and those always do.
    add('tool_choice', chat && !search.always)
  }
  if (fetch) {
    add('web_fetch', !gemini)
    add('max_uses', gemini && fetch.maxUses !== undefined)
    add('allowed_domains', gemini && fetch.rules.allowed.length > 0)
    add('blocked_domains', gemini && fetch.rules.blocked.length > 0)
    add('citations', gemini && fetch.citations)
    add('max_content_tokens', gemini && fetch.maxContentTokens !== undefined)
    add('use_cache', gemini && !fetch.useCache)
  }
  return [...new Set(broken)]
}
