// Reads and checks a Chat Completions request as OpenAI does.

import { asObject, asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'

import { Failure } from './failure.ts'
import { isOpenAIReasoning } from './models.ts'
import {
  fullArray,
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
import { type DeclaredTool, nothingSeen, type Prompt, prompt, type Rules, type Seen, type ToolChoice } from './prompt.ts'
import { isBase64 } from './tokens.ts'

const MEMBERS = new Set(
  'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'.split(
    ' ',
  ),
)
const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer']

/** @throws Failure in OpenAI's words. */
export function readChat(body: JsonObject, rules: Rules): Prompt {
  if (rules.strict) {
    const unknown = Object.keys(body).find((name) => !MEMBERS.has(name))
    if (unknown !== undefined) throw new Failure(400, `Unrecognized request argument supplied: ${unknown}`)
  }
  const model = text(body.model, 'model')
  const walk = readMessages(fullArray(body, 'messages'))
  const tools = [...readTools(body), ...readFunctions(body)]
  const stream = optional(body, 'stream', 'boolean') ?? false
  if (isObject(body.stream_options) && !stream)
    throw refused('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
  const maxTokens = readLimit(body)
  const toolChoice = readChoice(body, tools)
  const stops = readStops(body)
  if (rules.modelRules) checkModel(body, model, walk)
  number(body, 'temperature', { min: 0, max: 2 })
  number(body, 'top_p', { min: 0, max: 1 })
  number(body, 'frequency_penalty', { min: -2, max: 2 })
  number(body, 'presence_penalty', { min: -2, max: 2 })
  const effort = optional(body, 'reasoning_effort', 'string')
  const logprobs = optional(body, 'logprobs', 'boolean')
  const top = number(body, 'top_logprobs', { integer: true, min: 0, max: 20 })
  const searches = isObject(body.web_search_options) || model.includes('-search-preview')
  return prompt(
    {
      model,
      stream,
      choices: number(body, 'n', { integer: true, min: 1, max: 128 }) ?? 1,
      text: walk.lastText,
      tools,
      toolChoice,
      parallel: optional(body, 'parallel_tool_calls', 'boolean') ?? true,
      results: walk.results,
      format: readFormat(body, rules),
      reasoning: { asked: effort !== undefined && effort !== 'none', shown: false },
      maxTokens,
      stops,
      ...(searches && { search: { allowed: [], blocked: [], forced: tools.length === 0 } }),
      logprobs: logprobs ? (top ?? 0) : undefined,
      seen: walk.seen,
      body,
    },
    body.prompt_cache_key !== undefined && body.prompt_cache_key !== null,
  )
}

interface Walk {
  readonly seen: Seen
  lastText: string
  results: string[]
  /** Calls of the last assistant turn that have no result yet. */
  open: Set<string>
  answered: Set<string>
}

function readMessages(messages: readonly JsonValue[]): Walk {
  const walk: Walk = { seen: nothingSeen(), lastText: '', results: [], open: new Set(), answered: new Set() }
  walk.seen.messages = messages.length
  for (const [index, value] of messages.entries()) readMessage(object(value, `messages[${index}]`), index, walk)
  if (walk.open.size > 0) throw unanswered(walk.open, messages.length)
  return walk
}

const unanswered = (ids: Iterable<string>, index: number): Failure =>
  refused(
    `messages.[${index}].role`,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
  )

function readMessage(message: JsonObject, index: number, walk: Walk): void {
  const at = `messages[${index}]`
  const role = text(message.role, `${at}.role`)
  if (!ROLES.includes(role)) throw invalidValue(`${at}.role`, role, ROLES)
  if (role === 'tool') return readResult(message, index, walk)
  if (walk.open.size > 0) throw unanswered(walk.open, index)
  if (role === 'assistant') return readAssistant(message, at, walk)
  if (message.content === undefined) throw missing(`${at}.content`)
  const content = readContent(message.content, `${at}.content`, role, walk.seen)
  if (role === 'user') walk.lastText = content
  if (role === 'function') walk.results.push(content)
}

function readResult(message: JsonObject, index: number, walk: Walk): void {
  const id = text(message.tool_call_id, `messages[${index}].tool_call_id`)
  if (!walk.open.has(id) && !walk.answered.has(id))
    throw refused(
      `messages.[${index}].role`,
      "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    )
  walk.open.delete(id)
  walk.answered.add(id)
  walk.results.push(readContent(message.content, `messages[${index}].content`, 'tool', walk.seen))
}

function readAssistant(message: JsonObject, at: string, walk: Walk): void {
  walk.results = []
  walk.answered = new Set()
  const calls = message.tool_calls
  const hasCalls = Array.isArray(calls) || isObject(message.function_call)
  if (message.content === null || message.content === undefined) {
    if (!hasCalls && typeof message.refusal !== 'string' && !isObject(message.audio))
      throw refused(`${at}.content`, "Invalid value for 'content': expected a string, got null.")
  } else readContent(message.content, `${at}.content`, 'assistant', walk.seen)
  if (calls === undefined || calls === null) return
  if (!Array.isArray(calls)) throw invalidType(`${at}.tool_calls`, 'an array of objects', calls)
  if (calls.length === 0)
    throw refused(
      `${at}.tool_calls`,
      `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      'empty_array',
    )
  for (const [i, value] of calls.entries()) {
    const call = object(value, `${at}.tool_calls[${i}]`)
    const type = text(call.type, `${at}.tool_calls[${i}].type`)
    if (type !== 'function' && type !== 'custom') throw invalidValue(`${at}.tool_calls[${i}].type`, type, ['function', 'custom'])
    const inner = object(call[type], `${at}.tool_calls[${i}].${type}`)
    text(inner.name, `${at}.tool_calls[${i}].${type}.name`)
    const member = type === 'function' ? 'arguments' : 'input'
    walk.seen.characters += text(inner[member], `${at}.tool_calls[${i}].${type}.${member}`).length
    walk.open.add(text(call.id, `${at}.tool_calls[${i}].id`))
  }
}

const PARTS = ['text', 'image_url', 'input_audio', 'refusal', 'audio', 'file']

function readContent(content: JsonValue | undefined, param: string, role: string, seen: Seen): string {
  if (typeof content === 'string') {
    seen.characters += content.length
    return content
  }
  if (content === undefined) throw missing(param)
  if (content === null) throw refused(param, "Invalid value for 'content': expected a string, got null.")
  if (!Array.isArray(content)) throw invalidType(param, 'one of a string or array of objects', content)
  let result = ''
  for (const [i, value] of content.entries()) {
    const at = `${param}[${i}]`
    const part = object(value, at)
    const type = text(part.type, `${at}.type`)
    if (!PARTS.includes(type)) throw invalidValue(`${at}.type`, type, PARTS)
    if (type === 'text') result += text(part.text, `${at}.text`)
    else if (type === 'refusal') result += text(part.refusal, `${at}.refusal`)
    else if (role !== 'user')
      throw refused(at, `Invalid content: messages with role '${role}' may not contain parts of type '${type}'.`, 'invalid_value')
    else readMedia(type, part, at, seen)
  }
  seen.characters += result.length
  return result
}

function readMedia(type: string, part: JsonObject, at: string, seen: Seen): void {
  const inner = object(part[type], `${at}.${type}`)
  if (type === 'image_url') {
    seen.images++
    imageUrl(inner.url, `${at}.image_url.url`)
  } else if (type === 'input_audio') {
    seen.audios++
    if (!isBase64(text(inner.data, `${at}.input_audio.data`)))
      throw refused(`${at}.input_audio.data`, 'Invalid base64 audio data.', 'invalid_base64')
    const format = text(inner.format, `${at}.input_audio.format`)
    if (format !== 'wav' && format !== 'mp3') throw invalidValue(`${at}.input_audio.format`, format, ['wav', 'mp3'])
  } else if (type === 'file') {
    seen.files++
    if (asString(inner.file_id) === undefined && asString(inner.file_data) === undefined) throw missing(`${at}.file.file_id`)
    const data = asString(inner.file_data)
    if (data !== undefined && !isBase64(data.replace(/^data:[^,]*;base64,/, '')))
      throw refused(`${at}.file.file_data`, 'Invalid base64 file data.', 'invalid_base64')
  }
}

function readTools(body: JsonObject): DeclaredTool[] {
  if (body.tools === undefined || body.tools === null) return []
  return fullArray(body, 'tools').map((value, index) => {
    const at = `tools[${index}]`
    const tool = object(value, at)
    const type = text(tool.type, `${at}.type`)
    if (type !== 'function' && type !== 'custom') throw invalidValue(`${at}.type`, type, ['function', 'custom'])
    const inner = object(tool[type], `${at}.${type}`)
    const name = toolName(inner.name, `${at}.${type}.name`)
    const schema = type === 'function' ? parameters(inner.parameters, name, `${at}.function.parameters`) : undefined
    return { name, kind: type, schema, description: asString(inner.description) ?? '' }
  })
}

function readFunctions(body: JsonObject): DeclaredTool[] {
  if (body.functions === undefined || body.functions === null) return []
  return fullArray(body, 'functions').map((value, index) => {
    const declared = object(value, `functions[${index}]`)
    const name = toolName(declared.name, `functions[${index}].name`)
    const schema = parameters(declared.parameters, name, `functions[${index}].parameters`)
    return { name, kind: 'legacy', schema, description: asString(declared.description) ?? '' }
  })
}

function readChoice(body: JsonObject, tools: readonly DeclaredTool[]): ToolChoice {
  const param = body.tool_choice === undefined || body.tool_choice === null ? 'function_call' : 'tool_choice'
  const choice = body[param]
  if (body.parallel_tool_calls !== undefined && body.parallel_tool_calls !== null && tools.length === 0)
    throw refused(
      'parallel_tool_calls',
      "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
    )
  if (choice === undefined || choice === null) return { mode: 'auto' }
  if (tools.length === 0)
    throw refused(
      param,
      `Invalid value for '${param}': '${param}' is only allowed when '${param === 'tool_choice' ? 'tools' : 'functions'}' are specified.`,
    )
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { mode: choice }
  if (!isObject(choice)) throw invalidValue(param, choice, ['none', 'auto', 'required'])
  const allowed = asObject(choice.allowed_tools)
  if (allowed !== undefined) {
    const names = (Array.isArray(allowed.tools) ? allowed.tools : []).map(
      (tool) => asString(asObject(asObject(tool)?.function ?? asObject(tool)?.custom)?.name) ?? '',
    )
    return { mode: allowed.mode === 'required' ? 'required' : 'auto', names }
  }
  const inner = param === 'function_call' ? choice : asObject(choice.function ?? choice.custom)
  const name = text(inner?.name, `${param}.function.name`)
  if (!tools.some((tool) => tool.name === name)) throw refused(param, `Tool choice '${name}' not found in 'tools' parameter.`)
  return { mode: 'required', names: [name] }
}

function readLimit(body: JsonObject): number | undefined {
  const old = number(body, 'max_tokens', { integer: true, min: 1 })
  const current = number(body, 'max_completion_tokens', { integer: true, min: 1 })
  if (old !== undefined && current !== undefined)
    throw refused(
      'max_tokens',
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'invalid_parameter_combination',
    )
  return current ?? old
}

function readStops(body: JsonObject): string[] {
  const { stop } = body
  if (stop === undefined || stop === null) return []
  if (typeof stop === 'string') return [stop]
  if (!Array.isArray(stop) || stop.some((entry) => typeof entry !== 'string'))
    throw invalidType('stop', 'one of a string or array of strings', stop)
  if (stop.length > 4)
    throw refused(
      'stop',
      `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${stop.length} instead.`,
      'array_above_max_length',
    )
  return stop as string[]
}

function readFormat(body: JsonObject, rules: Rules): Prompt['format'] {
  if (body.response_format === undefined || body.response_format === null) return undefined
  const format = object(body.response_format, 'response_format')
  const type = text(format.type, 'response_format.type')
  if (type === 'text') return undefined
  if (type === 'json_object') return {}
  if (type !== 'json_schema') throw invalidValue('response_format.type', type, ['json_object', 'json_schema', 'text'])
  const inner = object(format.json_schema, 'response_format.json_schema')
  toolName(inner.name, 'response_format.json_schema.name')
  const schema = inner.schema === undefined ? {} : object(inner.schema, 'response_format.json_schema.schema')
  if (inner.strict === true && rules.modelRules) strictSchema(schema, 'response_format')
  return { schema }
}

function checkModel(body: JsonObject, model: string, walk: Walk): void {
  if (asObject(body.response_format)?.type === 'json_object' && !/json/i.test(JSON.stringify(body.messages)))
    throw refused('messages', "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")
  if (!isOpenAIReasoning(model)) return
  if (typeof body.max_tokens === 'number')
    throw refused(
      'max_tokens',
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'unsupported_parameter',
    )
  if (body.stop !== undefined && body.stop !== null)
    throw refused('stop', "Unsupported parameter: 'stop' is not supported with this model.", 'unsupported_parameter')
  if (typeof body.temperature === 'number' && body.temperature !== 1)
    throw refused(
      'temperature',
      `Unsupported value: 'temperature' does not support ${body.temperature} with this model. Only the default (1) value is supported.`,
      'unsupported_value',
    )
  if (walk.seen.audios > 0) throw refused('messages', 'This model does not support audio content.', 'unsupported_value')
}
