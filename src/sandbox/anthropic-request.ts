// Reads and checks a Messages request as Anthropic does: members, limits, tools, thinking, structured output.

import { asObject, asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { array, bad, breakpoints, domains, number, object, required, text } from './anthropic-checks.ts'
import { readTurns } from './anthropic-messages.ts'
import { type DeclaredTool, type HostedSearch, type Prompt, prompt, type Rules, type ToolChoice } from './prompt.ts'

const MEMBERS = new Set(
  'max_tokens messages model cache_control container diagnostics inference_geo metadata output_config service_tier speed stop_sequences stream system thinking tool_choice tools temperature top_p top_k billing_policy compaction context_management fallback_credit_token fallbacks mcp_servers output_format thread safeguards tags'.split(
    ' ',
  ),
)

/** `count` reads a count_tokens body, which has no `max_tokens`. @throws Failure in Anthropic's words. */
export function readAnthropic(body: JsonObject, rules: Rules, count: boolean): Prompt {
  const model = text(body.model, 'model')
  if (model === '') throw bad('model: String should have at least 1 character')
  if (body.max_tokens === undefined && !count) throw required('max_tokens')
  if (body.max_tokens === null) throw bad('max_tokens: Input should be a valid integer')
  const maxTokens = number(body.max_tokens, 'max_tokens', { integer: true, min: 0 })
  if (rules.strict) {
    const unknown = Object.keys(body).find((name) => !MEMBERS.has(name))
    if (unknown !== undefined) throw bad(`${unknown}: Extra inputs are not permitted`)
  }
  if (body.stream !== undefined && typeof body.stream !== 'boolean') throw bad('stream: Input should be a valid boolean')
  const turns = readTurns(body.messages, !rules.modelRules || !isRecent(model))
  turns.seen.characters += readSystem(body.system)
  const { tools, search, fetch } = readTools(body)
  const toolChoice = readChoice(body, [
    ...tools.map(({ name }) => name),
    ...(search ? ['web_search'] : []),
    ...(fetch ? ['web_fetch'] : []),
  ])
  const thinking = readThinking(body, maxTokens, rules)
  const format = readFormat(body)
  if (format !== undefined && search !== undefined)
    throw bad('output_config.format: structured outputs cannot be used together with citations, which web search always gives')
  if (thinking.asked && toolChoice.mode === 'required') throw bad('Thinking may not be enabled when tool_choice forces tool use.')
  checkSampling(body, model, { thinking: thinking.asked, rules })
  const marks = breakpoints(body.messages) + breakpoints(body.system) + breakpoints(body.tools)
  if (marks > 4) throw bad(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`)
  const forced = (name: string): boolean =>
    toolChoice.names?.includes(name) === true || (toolChoice.mode === 'required' && tools.length === 0)
  return prompt(
    {
      model,
      stream: body.stream === true,
      choices: 1,
      text: turns.lastText,
      tools,
      toolChoice,
      parallel: asObject(body.tool_choice)?.disable_parallel_tool_use !== true,
      results: turns.results,
      format,
      reasoning: thinking,
      maxTokens,
      stops: readStops(body),
      ...(search && { search: { ...search, forced: forced('web_search') } }),
      ...(fetch && { fetch: { ...fetch, forced: forced('web_fetch') && search === undefined } }),
      logprobs: undefined,
      seen: turns.seen,
      body,
    },
    marks > 0 || isObject(body.cache_control),
  )
}

/** Models after Opus 4.5: no prefill. */
const isRecent = (model: string): boolean => /^claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4-[6-9]|[5-9])/.test(model)
/** Models after Opus 4.6: no sampling control, adaptive thinking only. */
const isNewest = (model: string): boolean => /^claude-(?:(?:opus|sonnet|haiku)-(?:4-[7-9]|[5-9])|fable|mythos)/.test(model)

function readSystem(value: JsonValue | undefined): number {
  if (value === undefined || value === null) return 0
  if (typeof value === 'string') return value.length
  let characters = 0
  for (const [index, entry] of array(value, 'system').entries()) {
    const block = object(entry, `system.${index}`)
    if (block.type !== 'text') throw bad(`system.${index}.type: Input should be 'text'`)
    const content = text(block.text, `system.${index}.text`)
    if (content === '') throw bad('system: text content blocks must be non-empty')
    characters += content.length
  }
  return characters
}

function readStops(body: JsonObject): string[] {
  if (body.stop_sequences === undefined || body.stop_sequences === null) return []
  return array(body.stop_sequences, 'stop_sequences').map((value, index) => {
    const stop = text(value, `stop_sequences.${index}`)
    if (stop.trim() === '') throw bad('stop_sequences: each stop sequence must contain non-whitespace')
    return stop
  })
}

interface Tools {
  readonly tools: DeclaredTool[]
  search?: HostedSearch
  fetch?: HostedSearch
}

function readTools(body: JsonObject): Tools {
  const result: Tools = { tools: [] }
  if (body.tools === undefined || body.tools === null) return result
  const names = new Set<string>()
  for (const [index, value] of array(body.tools, 'tools').entries()) {
    const at = `tools.${index}`
    const tool = object(value, at)
    const type = tool.type === undefined || tool.type === null ? 'custom' : text(tool.type, `${at}.type`)
    const hosted = /^web_(search|fetch)_\d{8}$/.exec(type)?.[1] as 'search' | 'fetch' | undefined
    if (hosted !== undefined) {
      if (tool.name !== `web_${hosted}`) throw bad(`${at}.${type}.name: Input should be 'web_${hosted}'`)
      result[hosted] = readHosted(tool, `${at}.${type}`)
    } else if (type === 'custom') result.tools.push(readCustom(tool, `${at}.custom`))
    else if (/^(bash|text_editor|memory|computer|browser)_\d{8}$/.test(type)) result.tools.push(builtIn(type, asString(tool.name)))
    else if (!/^(code_execution|tool_search_tool_(regex|bm25)|mcp_toolset|advisor)(_\d{8})?$/.test(type))
      throw bad(
        `${at}: Input tag '${type}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250728', 'web_search_20250305', 'web_fetch_20250910'`,
      )
    const name = asString(tool.name) ?? type
    if (names.has(name)) throw bad('tools: Tool names must be unique.')
    names.add(name)
  }
  return result
}

function readCustom(tool: JsonObject, at: string): DeclaredTool {
  const name = text(tool.name, `${at}.name`)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) throw bad(`${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`)
  const schema = object(tool.input_schema, `${at}.input_schema`)
  if (schema.type === undefined) throw required(`${at}.input_schema.type`)
  if (schema.type !== 'object') throw bad(`${at}.input_schema.type: Input should be 'object'`)
  if (tool.description !== undefined && tool.description !== null) text(tool.description, `${at}.description`)
  return { name, kind: 'function', schema, description: asString(tool.description) ?? '' }
}

function builtIn(type: string, name: string | undefined): DeclaredTool {
  const bash = type.startsWith('bash')
  const properties: JsonObject = bash ? { command: { type: 'string' } } : { command: { const: 'view' }, path: { type: 'string' } }
  return {
    name: name ?? type,
    kind: 'function',
    schema: { type: 'object', properties, required: Object.keys(properties) },
    description: '',
  }
}

function readHosted(tool: JsonObject, at: string): HostedSearch {
  const allowed = domains(tool.allowed_domains, `${at}.allowed_domains`)
  const blocked = domains(tool.blocked_domains, `${at}.blocked_domains`)
  if (allowed.length > 0 && blocked.length > 0) throw bad(`${at}: Cannot specify both allowed_domains and blocked_domains`)
  const maxUses = number(tool.max_uses, `${at}.max_uses`, { integer: true, min: 1 })
  if (tool.user_location !== undefined && tool.user_location !== null) {
    const location = object(tool.user_location, `${at}.user_location`)
    if (location.type !== 'approximate') throw bad(`${at}.user_location.type: Input should be 'approximate'`)
    if (!['city', 'region', 'country', 'timezone'].some((name) => typeof location[name] === 'string'))
      throw bad(`${at}.user_location: at least one of city, region, country or timezone is required`)
  }
  return { allowed, blocked, forced: false, ...(maxUses !== undefined && { maxUses }) }
}

function readChoice(body: JsonObject, declared: readonly string[]): ToolChoice {
  if (body.tool_choice === undefined || body.tool_choice === null) return { mode: 'auto' }
  const choice = object(body.tool_choice, 'tool_choice')
  const type = text(choice.type, 'tool_choice.type')
  if (!['auto', 'any', 'tool', 'none'].includes(type))
    throw bad(`tool_choice: Input tag '${type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`)
  if (type === 'auto' || type === 'none') return { mode: type }
  if (declared.length === 0) throw bad('tool_choice may only be specified while providing tools.')
  if (type === 'any') return { mode: 'required' }
  const name = text(choice.name, 'tool_choice.tool.name')
  if (!declared.includes(name)) throw bad(`Tool '${name}' not found in provided tools`)
  return { mode: 'required', names: [name] }
}

function readThinking(body: JsonObject, maxTokens: number | undefined, { modelRules }: Rules): Prompt['reasoning'] {
  if (body.thinking === undefined || body.thinking === null) return { asked: false, shown: true }
  const thinking = object(body.thinking, 'thinking')
  const type = text(thinking.type, 'thinking.type')
  if (!['enabled', 'adaptive', 'disabled', 'between_tools'].includes(type))
    throw bad(`thinking: Input tag '${type}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'`)
  if (type === 'enabled') {
    const path = 'thinking.enabled.budget_tokens'
    if (thinking.budget_tokens === undefined) throw required(path)
    const budget = number(thinking.budget_tokens, path, { integer: true, min: 1024 }) ?? 1024
    if (maxTokens !== undefined && budget >= maxTokens) throw bad('`max_tokens` must be greater than `thinking.budget_tokens`')
    if (modelRules && isNewest(String(body.model)))
      throw bad(
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
      )
  }
  return { asked: type !== 'disabled', shown: thinking.display !== 'omitted' }
}

function readFormat(body: JsonObject): Prompt['format'] {
  if (body.output_config !== undefined && body.output_config !== null) object(body.output_config, 'output_config')
  const wanted = asObject(body.output_config)?.format ?? body.output_format
  if (wanted === undefined || wanted === null) return undefined
  const format = object(wanted, 'output_config.format')
  if (format.type !== 'json_schema') throw bad("output_config.format.type: Input should be 'json_schema'")
  return { schema: object(format.schema, 'output_config.format.schema') }
}

function checkSampling(body: JsonObject, model: string, { thinking, rules }: { thinking: boolean; rules: Rules }): void {
  const temperature = number(body.temperature, 'temperature', { min: 0, max: 1 })
  const topP = number(body.top_p, 'top_p', { min: 0, max: 1 })
  const topK = number(body.top_k, 'top_k', { integer: true, min: 0 })
  if (thinking && temperature !== undefined && temperature !== 1)
    throw bad('`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.')
  if (thinking && topK !== undefined) throw bad('`top_k` must be unset when thinking is enabled or in adaptive mode.')
  if (!rules.modelRules) return
  if (isNewest(model)) {
    if (temperature !== undefined && temperature !== 1) throw bad('`temperature` is not supported for this model.')
    if (topP !== undefined && topP < 0.99) throw bad('`top_p` is not supported for this model.')
    if (topK !== undefined) throw bad('`top_k` is not supported for this model.')
  } else if (temperature !== undefined && topP !== undefined && /-4-/.test(model))
    throw bad('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')
}
