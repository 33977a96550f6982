// Zhipu holds tool calls back until they are whole unless asked to stream them.

import type { RequestQuirk } from '../define.ts'

/** https://docs.z.ai/guides/capabilities/stream-tool */
export const streamedCalls: RequestQuirk = (body, { stream, upstreamModel }) =>
  stream && Array.isArray(body.tools) && body.tool_stream === undefined && /^glm-(4\.[6-9]|[5-9])/.test(upstreamModel)
    ? { ...body, tool_stream: true }
    : body
