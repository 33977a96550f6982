// Moonshot's newer models fix their sampling. https://platform.moonshot.ai/docs/guide/kimi-k2-5-quickstart#parameters

import type { RequestQuirk } from '../define.ts'
import { withoutFields } from '../quirks/openai-chat.ts'

const withoutSampling = withoutFields('temperature', 'top_p', 'presence_penalty', 'frequency_penalty')

/** From Kimi K2.5 on any other value than the model's own is a 400. */
export const fixedSampling: RequestQuirk = (body, ctx) =>
  /^kimi-k(2\.[5-9]|[3-9])/.test(ctx.upstreamModel) ? withoutSampling(body, ctx) : body
