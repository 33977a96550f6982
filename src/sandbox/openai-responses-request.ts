// Reads and checks a Responses request as OpenAI does. The sandbox keeps nothing: what refers to a stored
// response or conversation is not found.

import { asObject, asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { Failure } from './failure.ts'
import { isOpenAIReasoning } from './models.ts'
import {
  imageUrl,
  invalidType,
  invalidValue,
  missing,
  number,
  object,
  optional,
  parameters,
  refused,
  strictSchema,
  text,
  toolName,
} from './openai-checks.ts'
import { type DeclaredTool, type HostedSearch, nothingSeen, type Prompt, prompt, type Rules, type Seen, type ToolChoice } from './prompt.ts'
import { isBase64, sealState } from './tokens.ts'

const MEMBERS = new Set(
  'access_programs background context_management conversation image include input instructions max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user client_metadata'.split(
    ' ',
  ),
)

/** @throws Failure in OpenAI's words. */
export function readResponses(body: JsonObject, rules: Rules): Prompt {
  if (rules.strict) {
    const unknown = Object.keys(body).find((name) => !MEMBERS.has(name))
    if (unknown !== undefined) throw refused(unknown, `Unknown parameter: '${unknown}'.`, 'unknown_parameter')
  }
  const model = text(body.model, 'model')
  refuseState(body)
  const walk = readInput(body)
  walk.seen.characters += optional(body, 'instructions', 'string')?.length ?? 0
  const { tools, search } = readTools(body)
  const toolChoice = readChoice(body, tools)
  const limitMin = rules.modelRules ? 16 : 1
  const maxTokens = number(body, 'max_output_tokens', { integer: true, min: limitMin })
  number(body, 'temperature', { min: 0, max: 2 })
  number(body, 'top_p', { min: 0, max: 1 })
  if (rules.modelRules && isOpenAIReasoning(model) && typeof body.temperature === 'number' && body.temperature !== 1)
    throw refused('temperature', "Unsupported parameter: 'temperature' is not supported with this model.")
  const include = Array.isArray(body.include) ? body.include : []
  const top = number(body, 'top_logprobs', { integer: true, min: 0, max: 20 })
  const reasoning = body.reasoning === undefined || body.reasoning === null ? undefined : object(body.reasoning, 'reasoning')
  const forced =
    asObject(body.tool_choice)?.type?.toString().startsWith('web_search') === true || (toolChoice.mode === 'required' && tools.length === 0)
  return prompt(
    {
      model,
      stream: optional(body, 'stream', 'boolean') ?? false,
      choices: 1,
      text: walk.lastText,
      tools,
      toolChoice,
      parallel: optional(body, 'parallel_tool_calls', 'boolean') ?? true,
      results: walk.results,
      format: readFormat(body, rules),
      reasoning: {
        asked: reasoning !== undefined && reasoning.effort !== 'none' && (reasoning.effort ?? reasoning.summary ?? null) !== null,
        shown: reasoning?.summary !== undefined && reasoning.summary !== null,
      },
      maxTokens,
      stops: [],
      ...(search && { search: { ...search, forced } }),
      logprobs: include.includes('message.output_text.logprobs') ? (top ?? 0) : undefined,
      seen: walk.seen,
      body,
    },
    body.prompt_cache_key !== undefined && body.prompt_cache_key !== null,
  )
}

function refuseState(body: JsonObject): void {
  const previous = optional(body, 'previous_response_id', 'string')
  if (previous !== undefined)
    throw refused('previous_response_id', `Previous response with id '${previous}' not found.`, 'previous_response_not_found')
  if (body.conversation !== undefined && body.conversation !== null) {
    const id = asString(body.conversation) ?? asString(asObject(body.conversation)?.id) ?? ''
    throw new Failure(404, `Conversation with id '${id}' not found.`, { param: 'conversation', code: 'conversation_not_found' })
  }
  if (optional(body, 'background', 'boolean')) throw refused('background', 'The sandbox keeps no state and runs nothing in the background.')
}

interface Walk {
  readonly seen: Seen
  lastText: string
  results: string[]
  readonly called: Set<string>
  readonly answered: Set<string>
}

function readInput(body: JsonObject): Walk {
  const walk: Walk = { seen: nothingSeen(), lastText: '', results: [], called: new Set(), answered: new Set() }
  const { input } = body
  if (input === undefined || input === null) throw refused('input', "Missing required parameter: 'input'.", 'missing_required_parameter')
  if (typeof input === 'string') {
    walk.seen.messages = 1
    walk.seen.characters += input.length
    walk.lastText = input
    return walk
  }
  if (!Array.isArray(input)) throw invalidType('input', 'one of a string or array of objects', input)
  walk.seen.messages = input.length
  for (const [index, value] of input.entries()) readItem(object(value, `input[${index}]`), `input[${index}]`, walk)
  for (const id of walk.called) if (!walk.answered.has(id)) throw refused('input', `No tool output found for function call ${id}.`)
  return walk
}

/** Items that are read over: hosted tools' traces and server bookkeeping. */
const PASSED = new Set(
  'item_reference file_search_call computer_call computer_call_output web_search_call image_generation_call code_interpreter_call mcp_list_tools mcp_approval_request mcp_approval_response mcp_call compaction compaction_trigger tool_search_call tool_search_output additional_tools configuration_update program program_output'.split(
    ' ',
  ),
)
const CALLS = new Set(['function_call', 'custom_tool_call', 'local_shell_call', 'shell_call', 'apply_patch_call'])
const ITEMS = ['message', 'reasoning', ...CALLS, ...[...CALLS].map((call) => `${call}_output`), ...PASSED]

function readItem(item: JsonObject, at: string, walk: Walk): void {
  const type = item.type === undefined ? 'message' : text(item.type, `${at}.type`)
  if (type === 'message') return readMessage(item, at, walk)
  if (type === 'reasoning') return readReasoning(item, at, walk)
  if (CALLS.has(type)) return readCall(item, type, { at, walk })
  if (type.endsWith('_output') && CALLS.has(type.slice(0, -7).replace(/^custom_tool_call.*/, 'custom_tool_call')))
    return readOutput(item, at, walk)
  if (!PASSED.has(type)) throw invalidValue(at, type, ITEMS)
}

const ROLES = ['assistant', 'system', 'developer', 'user']

function readMessage(item: JsonObject, at: string, walk: Walk): void {
  const role = text(item.role, `${at}.role`)
  if (!ROLES.includes(role)) throw invalidValue(`${at}.role`, role, ROLES)
  if (item.content === undefined) throw missing(`${at}.content`)
  const content = readContent(item.content, `${at}.content`, { role, seen: walk.seen })
  if (role === 'user') walk.lastText = content
  if (role === 'assistant') walk.results = []
}

function readReasoning(item: JsonObject, at: string, walk: Walk): void {
  walk.results = []
  if (item.summary === undefined) throw missing(`${at}.summary`)
  if (!Array.isArray(item.summary)) throw invalidType(`${at}.summary`, 'an array of objects', item.summary)
  if (item.encrypted_content === undefined || item.encrypted_content === null) return
  const blob = text(item.encrypted_content, `${at}.encrypted_content`)
  if (sealState('reasoning', blob) === 'altered')
    throw refused(
      `${at}.encrypted_content`,
      `The encrypted content for item ${asString(item.id) ?? ''} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
      'invalid_encrypted_content',
    )
}

function readCall(item: JsonObject, type: string, { at, walk }: { at: string; walk: Walk }): void {
  walk.results = []
  const id = text(item.call_id, `${at}.call_id`)
  if (id.length > 64)
    throw refused(
      `${at}.call_id`,
      `Invalid '${at}.call_id': string too long. Expected a string with maximum length 64, but got a string with length ${id.length} instead.`,
      'string_above_max_length',
    )
  walk.called.add(id)
  if (type === 'function_call' || type === 'custom_tool_call') {
    text(item.name, `${at}.name`)
    const member = type === 'function_call' ? 'arguments' : 'input'
    walk.seen.characters += text(item[member], `${at}.${member}`).length
  }
}

function readOutput(item: JsonObject, at: string, walk: Walk): void {
  const id = text(item.call_id, `${at}.call_id`)
  if (!walk.called.has(id)) throw refused('input', `No tool call found for function call output with call_id ${id}.`)
  walk.answered.add(id)
  if (item.output === undefined) throw missing(`${at}.output`)
  walk.results.push(
    typeof item.output === 'string' ? item.output : readContent(item.output, `${at}.output`, { role: 'user', seen: walk.seen }),
  )
}

const INPUT_PARTS = ['input_text', 'input_image', 'input_file', 'input_audio']
const OUTPUT_PARTS = ['output_text', 'refusal']

function readContent(content: JsonValue | undefined, param: string, { role, seen }: { role: string; seen: Seen }): string {
  if (typeof content === 'string') {
    seen.characters += content.length
    return content
  }
  if (!Array.isArray(content)) throw invalidType(param, 'one of a string or array of objects', content)
  const supported = role === 'assistant' ? OUTPUT_PARTS : INPUT_PARTS
  let result = ''
  for (const [i, value] of content.entries()) {
    const at = `${param}[${i}]`
    const part = object(value, at)
    const type = text(part.type, `${at}.type`)
    // Shell outputs are lists of `{stdout, stderr, outcome}` wrapped in this type.
    if (!supported.includes(type)) throw invalidValue(`${at}.type`, type, supported)
    if (type === 'input_text' || type === 'output_text') result += text(part.text, `${at}.text`)
    else if (type === 'refusal') result += text(part.refusal, `${at}.refusal`)
    else readMedia(part, at, seen)
  }
  seen.characters += result.length
  return result
}

function readMedia(part: JsonObject, at: string, seen: Seen): void {
  if (part.type === 'input_image') {
    seen.images++
    if (asString(part.file_id) === undefined) imageUrl(part.image_url, `${at}.image_url`)
    return
  }
  if (part.type === 'input_audio') {
    seen.audios++
    if (!isBase64(text(object(part.input_audio, `${at}.input_audio`).data, `${at}.input_audio.data`)))
      throw refused(at, 'Invalid base64 audio data.', 'invalid_base64')
    return
  }
  seen.files++
  const data = asString(part.file_data)
  if (data === undefined && asString(part.file_id) === undefined && asString(part.file_url) === undefined) throw missing(`${at}.file_id`)
  if (data !== undefined && !isBase64(data.replace(/^data:[^,]*;base64,/, '')))
    throw refused(`${at}.file_data`, 'Invalid base64 file data.', 'invalid_base64')
}

const HOSTED = new Set(
  'file_search computer computer_use_preview mcp code_interpreter image_generation local_shell shell apply_patch tool_search programmatic_tool_calling web_search web_search_2025_08_26 web_search_preview web_search_preview_2025_03_11'.split(
    ' ',
  ),
)

function readTools(body: JsonObject): { tools: DeclaredTool[]; search?: HostedSearch } {
  if (body.tools === undefined || body.tools === null) return { tools: [] }
  if (!Array.isArray(body.tools)) throw invalidType('tools', 'an array of objects', body.tools)
  const tools: DeclaredTool[] = []
  let search: HostedSearch | undefined
  for (const [index, value] of body.tools.entries()) {
    const at = `tools[${index}]`
    const tool = object(value, at)
    const type = text(tool.type, `${at}.type`)
    if (type === 'function' || type === 'custom') tools.push(readTool(tool, at))
    else if (type === 'namespace') {
      const namespace = text(tool.name, `${at}.name`)
      const inner = Array.isArray(tool.tools) ? tool.tools : []
      for (const [i, nested] of inner.entries())
        tools.push({ ...readTool(object(nested, `${at}.tools[${i}]`), `${at}.tools[${i}]`), namespace })
    } else if (!HOSTED.has(type)) throw invalidValue(`${at}.type`, type, ['function', 'custom', 'namespace', ...HOSTED])
    else if (type.startsWith('web_search')) search = readSearch(tool)
  }
  return { tools, ...(search && { search }) }
}

function readTool(tool: JsonObject, at: string): DeclaredTool {
  const name = toolName(tool.name, `${at}.name`)
  const custom = tool.type === 'custom'
  const schema = custom ? undefined : parameters(tool.parameters, name, `${at}.parameters`)
  return { name, kind: custom ? 'custom' : 'function', schema, description: asString(tool.description) ?? '' }
}

function readSearch(tool: JsonObject): HostedSearch {
  const filters = asObject(tool.filters)
  const names = (value: JsonValue | undefined): string[] => (Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [])
  return { allowed: names(filters?.allowed_domains), blocked: names(filters?.blocked_domains), forced: false }
}

function readChoice(body: JsonObject, tools: readonly DeclaredTool[]): ToolChoice {
  const choice = body.tool_choice
  if (choice === undefined || choice === null) return { mode: 'auto' }
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { mode: choice }
  if (!isObject(choice)) throw invalidValue('tool_choice', choice, ['none', 'auto', 'required'])
  if (choice.type === 'allowed_tools') {
    const names = (Array.isArray(choice.tools) ? choice.tools : []).map((tool) => asString(asObject(tool)?.name) ?? '')
    return { mode: choice.mode === 'required' ? 'required' : 'auto', names }
  }
  if (choice.type !== 'function' && choice.type !== 'custom') return { mode: 'auto' }
  const name = text(choice.name, 'tool_choice.name')
  if (!tools.some((tool) => tool.name === name)) throw refused('tool_choice', `Tool choice '${name}' not found in 'tools' parameter.`)
  return { mode: 'required', names: [name] }
}

function readFormat(body: JsonObject, rules: Rules): Prompt['format'] {
  if (body.text === undefined || body.text === null) return undefined
  const wanted = object(body.text, 'text').format
  if (wanted === undefined || wanted === null) return undefined
  const format = object(wanted, 'text.format')
  const type = text(format.type, 'text.format.type')
  if (type === 'text') return undefined
  if (type === 'json_object') return {}
  if (type !== 'json_schema') throw invalidValue('text.format.type', type, ['json_object', 'json_schema', 'text'])
  toolName(format.name, 'text.format.name')
  const schema = object(format.schema, 'text.format.schema')
  if (format.strict === true && rules.modelRules) strictSchema(schema, 'text.format.schema')
  return { schema }
}
