// DashScope's rule for open models that think by default.

import type { RequestQuirk } from '../define.ts'

/** Open-weight Qwen3 thinks only in streams: elsewhere it must be told not to. https://www.alibabacloud.com/help/en/model-studio/deep-thinking */
export const noThinkingUnstreamed: RequestQuirk = (body, { upstreamModel, stream, note }) => {
  if (stream || !/^qwen3-(\d+b|\d+\.\d+b)/.test(upstreamModel) || /instruct|thinking/.test(upstreamModel)) return body
  if (body.enable_thinking === true) note?.({ kind: 'dropped', field: 'reasoning_effort', reason: 'this model thinks only when streaming' })
  const { thinking_budget: _budget, ...rest } = body
  return { ...rest, enable_thinking: false }
}
