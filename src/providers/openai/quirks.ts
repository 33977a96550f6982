// OpenAI's own limits on what other formats leave open.

import type { RequestQuirk } from '../define.ts'
import { stopsCutHere, userAtMost, withoutFields } from '../quirks/openai-chat.ts'
import { reasons } from './models.ts'

/** `user` and `prompt_cache_key` hold 64 characters. https://platform.openai.com/docs/api-reference/chat/create#chat-create-user */
export const hashedLongUser = userAtMost(64)

const withoutEffort = withoutFields('reasoning_effort')

/** Models that do not reason refuse the setting. https://platform.openai.com/docs/guides/reasoning */
export const effortOnlyForReasoning: RequestQuirk = (body, ctx) => (reasons(ctx.upstreamModel) ? body : withoutEffort(body, ctx))

/** Reasoning models refuse `stop` (o3 and later). https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop */
export const stopOnlyWithoutReasoning: RequestQuirk = (body, ctx) =>
  reasons(ctx.upstreamModel) && !/^o1/.test(ctx.upstreamModel) ? stopsCutHere(body, ctx) : body
