// xAI's reasoning models refuse settings that its others take. https://docs.x.ai/docs/guides/reasoning

import type { RequestQuirk } from '../define.ts'
import { stopsCutHere, withoutFields } from '../quirks/openai-chat.ts'

/** Grok 4 reasons as it sees fit: `reasoning_effort` is a 400 there. */
export const takesNoEffort = (model: string): boolean => /^grok-(4(-0709|-latest|-1)?(-fast.*)?$|code-|3$|3-fast|2)/.test(model)

const withoutRefused = withoutFields('presence_penalty', 'frequency_penalty')

/** `presence_penalty`, `frequency_penalty` and `stop` are a 400 on models that reason. */
export const refusedByReasoning: RequestQuirk = (body, ctx) =>
  /^grok-(4|code-|3-mini|[5-9])/.test(ctx.upstreamModel) && !/non-reasoning/.test(ctx.upstreamModel)
    ? withoutRefused(stopsCutHere(body, ctx), ctx)
    : body
