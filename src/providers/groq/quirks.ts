// Groq's switch between reasoning in the text and beside it.

import type { RequestQuirk } from '../define.ts'

/** Qwen and its like write `<think>` into the answer unless told otherwise. https://console.groq.com/docs/reasoning#reasoning-format */
export const parsedReasoning: RequestQuirk = (body, { upstreamModel }) =>
  /qwen3|deepseek-r1|qwq/.test(upstreamModel) && body.reasoning_format === undefined && body.include_reasoning === undefined
    ? { ...body, reasoning_format: 'parsed' }
    : body
