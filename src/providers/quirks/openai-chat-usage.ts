// Usage that stands in other places or is counted otherwise than on OpenAI's own wire, where output holds
// reasoning and input holds what came from a cache.

import { asNumber, asObject, isObject } from '../../lib/json.ts'
import type { BodyRepair } from './frames.ts'

/** Groq tells a stream's usage in `x_groq.usage`. https://console.groq.com/docs/api-reference#chat-create */
export const usageFromXGroq: BodyRepair = (body) => {
  const inner = asObject(asObject(body.x_groq)?.usage)
  return inner === undefined || isObject(body.usage) ? body : { ...body, usage: inner }
}

/** Moonshot tells a stream's usage inside the last choice. https://platform.moonshot.ai/docs/api/chat#streaming */
export const usageFromChoice: BodyRepair = (body) => {
  if (isObject(body.usage) || !Array.isArray(body.choices)) return body
  const inner = body.choices.map((choice) => asObject(asObject(choice)?.usage)).find((usage) => usage !== undefined)
  return inner === undefined ? body : { ...body, usage: inner }
}

/** xAI counts reasoning beside the completion: the total tells. https://docs.x.ai/docs/guides/reasoning */
export const reasoningBesideOutput: BodyRepair = (body) => {
  const usage = asObject(body.usage)
  const reasoning = asNumber(asObject(usage?.completion_tokens_details)?.reasoning_tokens)
  const prompt = asNumber(usage?.prompt_tokens)
  const completion = asNumber(usage?.completion_tokens)
  const total = asNumber(usage?.total_tokens)
  if (!reasoning || prompt === undefined || completion === undefined) return body
  const beside = total === undefined ? reasoning > completion : total - prompt === completion + reasoning
  return beside ? { ...body, usage: { ...usage, completion_tokens: completion + reasoning } } : body
}

/** One xAI family counts the prompt without what came from the cache: then the cached part is larger than the whole. */
export const cacheBesidePrompt: BodyRepair = (body) => {
  const usage = asObject(body.usage)
  const cached = asNumber(asObject(usage?.prompt_tokens_details)?.cached_tokens)
  const prompt = asNumber(usage?.prompt_tokens)
  return cached === undefined || prompt === undefined || cached <= prompt
    ? body
    : { ...body, usage: { ...usage, prompt_tokens: prompt + cached } }
}
