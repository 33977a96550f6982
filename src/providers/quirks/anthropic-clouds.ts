// Anthropic's Messages on other clouds: the version stands in the body, the model in the path, and fields of
// Anthropic's own service are refused. A beta header and its body fields go together or not at all.
// https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html

import { isObject } from '../../lib/json.ts'
import type { RequestQuirk } from '../define.ts'
import { omit } from './openai-chat.ts'

/** Fields that belong to a beta or to Anthropic's own accounts. */
const FIRST_PARTY = [
  'betas',
  'container',
  'context_management',
  'diagnostics',
  'fallbacks',
  'inference_geo',
  'mcp_servers',
  'service_tier',
  'speed',
  'thread',
]

/** The body as a cloud takes it. `path`: model and streaming are named by the URL. */
export const anthropicOnCloud =
  (version: string, kept: readonly ('model' | 'stream')[] = []): RequestQuirk =>
  (body, { note }) => {
    for (const name of FIRST_PARTY) {
      if (body[name] !== undefined && body[name] !== null) note?.({ kind: 'dropped', field: name, reason: 'this cloud does not offer it' })
    }
    const inPath = (['model', 'stream'] as const).filter((name) => !kept.includes(name))
    return { anthropic_version: version, ...omit(body, [...FIRST_PARTY, ...inPath]) }
  }

const SERVER_TOOL = /^(web_search|web_fetch|code_execution|tool_search|mcp_toolset|computer_|browser_|memory_)/

/** Tools that the cloud's service cannot run. They are told as dropped: a model cannot answer for them. */
export const withoutServerTools =
  (allowed: (type: string) => boolean): RequestQuirk =>
  (body, { note }) => {
    if (!Array.isArray(body.tools)) return body
    const tools = body.tools.filter((tool) => {
      const type = isObject(tool) && typeof tool.type === 'string' ? tool.type : 'custom'
      const goes = SERVER_TOOL.test(type) && !allowed(type)
      if (goes) note?.({ kind: 'dropped', field: 'tools', reason: `this cloud has no ${type}` })
      return !goes
    })
    if (tools.length === body.tools.length) return body
    return tools.length > 0 ? { ...body, tools } : omit(body, ['tools', 'tool_choice'])
  }
