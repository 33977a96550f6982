// Reads and checks a generateContent request as Gemini does. Model and streaming stand in the address.

import { asObject, asString, isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { bad, checkSchema, KNOWN, list, members, number, string } from './gemini-checks.ts'
import { readContents, readSystem } from './gemini-contents.ts'
import { type DeclaredTool, type HostedSearch, type Prompt, prompt, type Rules, type ToolChoice } from './prompt.ts'

export interface Address {
  readonly model: string
  readonly stream: boolean
}

/** @throws Failure in Gemini's words. */
export function readGemini(raw: JsonObject, { model, stream }: Address, rules: Rules): Prompt {
  const known = <K extends keyof typeof KNOWN>(kind: K) => (rules.strict ? KNOWN[kind] : undefined)
  const body = members(raw, '', known('request'))
  const walk = readContents(body.contents, { rules, model })
  walk.seen.characters += readSystem(body.systemInstruction, rules)
  const config =
    body.generationConfig === undefined || body.generationConfig === null
      ? {}
      : members(body.generationConfig, 'generationConfig', known('config'))
  const declared = readTools(body.tools, rules)
  const toolChoice = readChoice(body.toolConfig, declared.tools, rules)
  const format = readFormat(config, known('schema'))
  if (rules.modelRules && model.startsWith('gemini-2')) {
    if (format !== undefined && declared.tools.length > 0)
      throw bad("Function calling with a response mime type: 'application/json' is unsupported")
    if (declared.search !== undefined && declared.tools.length > 0) throw bad('Tool use with function calling is unsupported')
  }
  number(config.temperature, 'generationConfig.temperature', { min: 0, max: 2 })
  number(config.topP, 'generationConfig.topP', { min: 0, max: 1 })
  number(config.topK, 'generationConfig.topK', { min: 1 })
  return prompt(
    {
      model,
      stream,
      choices: number(config.candidateCount, 'generationConfig.candidateCount', { integer: true, min: 1, max: 8 }) ?? 1,
      text: walk.lastText,
      tools: declared.tools,
      toolChoice,
      parallel: true,
      results: walk.results,
      format,
      reasoning: readThinking(config, rules),
      maxTokens: number(config.maxOutputTokens, 'generationConfig.maxOutputTokens', { integer: true, min: 1 }),
      stops: readStops(config),
      ...(declared.search && { search: { ...declared.search, forced: toolChoice.mode === 'required' && declared.tools.length === 0 } }),
      logprobs:
        config.responseLogprobs === true
          ? (number(config.logprobs, 'generationConfig.logprobs', { integer: true, min: 0, max: 20 }) ?? 0)
          : undefined,
      seen: walk.seen,
      body,
    },
    typeof body.cachedContent === 'string',
  )
}

const MAX_STOPS = 5

function readStops(config: JsonObject): string[] {
  const stops = list(config.stopSequences, 'generationConfig.stopSequences').map(
    (stop, index) => string(stop, `generationConfig.stopSequences[${index}]`) ?? '',
  )
  if (stops.length > MAX_STOPS)
    throw bad(
      `* GenerateContentRequest.generation_config.stop_sequences: must have at most ${MAX_STOPS} entries, but has ${stops.length}.\n`,
    )
  return stops
}

function readThinking(config: JsonObject, { strict }: Rules): Prompt['reasoning'] {
  if (config.thinkingConfig === undefined || config.thinkingConfig === null) return { asked: false, shown: false }
  const thinking = members(config.thinkingConfig, 'generationConfig.thinkingConfig', strict ? KNOWN.thinking : undefined)
  const budget = number(thinking.thinkingBudget, 'generationConfig.thinkingConfig.thinkingBudget', { integer: true, min: -1 })
  const level = string(thinking.thinkingLevel, 'generationConfig.thinkingConfig.thinkingLevel')
  if (level !== undefined && !/^(THINKING_LEVEL_UNSPECIFIED|MINIMAL|LOW|MEDIUM|HIGH)$/i.test(level))
    throw bad(`Invalid value at 'generation_config.thinking_config.thinking_level', "${level}"`)
  if (budget !== undefined && level !== undefined) throw bad('You can only set only one of thinking budget and thinking level.')
  const shown = thinking.includeThoughts === true
  return { asked: budget !== 0 && (shown || budget !== undefined || level !== undefined), shown }
}

function readFormat(config: JsonObject, known: ReadonlySet<string> | undefined): Prompt['format'] {
  const mime = string(config.responseMimeType, 'generationConfig.responseMimeType')
  const { responseSchema, responseJsonSchema } = config
  const schema = responseSchema ?? responseJsonSchema ?? undefined
  if (responseSchema && responseJsonSchema) throw bad('Only one of response_schema and response_json_schema may be set.')
  if (schema !== undefined && mime !== 'application/json' && mime !== 'text/x.enum')
    throw bad('Json mode/function calling with response schema is only supported with response mime type application/json or text/x.enum.')
  if (responseSchema) checkSchema(responseSchema, 'generationConfig.responseSchema', known)
  if (mime !== undefined && !['application/json', 'text/plain', 'text/x.enum'].includes(mime))
    throw bad(
      `* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are \`text/plain\`, \`application/json\`, \`application/xml\`, \`application/yaml\` and \`text/x.enum\`.\n`,
    )
  if (mime !== 'application/json') return undefined
  return schema === undefined ? {} : { schema }
}

interface Tools {
  readonly tools: DeclaredTool[]
  search?: HostedSearch
}

function readTools(value: JsonValue | undefined, { strict }: Rules): Tools {
  const result: Tools = { tools: [] }
  const names = new Set<string>()
  for (const [index, entry] of list(value, 'tools').entries()) {
    const at = `tools[${index}]`
    const tool = members(entry, at, strict ? KNOWN.tool : undefined)
    const search = tool.googleSearch ?? tool.googleSearchRetrieval ?? tool.enterpriseWebSearch
    if (search !== undefined && search !== null) {
      if (!isObject(search)) throw bad(`Invalid value at '${at}.google_search'`)
      const blocked = Array.isArray(search.excludeDomains) ? search.excludeDomains.filter((domain) => typeof domain === 'string') : []
      result.search = { allowed: [], blocked, forced: false }
    }
    for (const [i, declaration] of list(tool.functionDeclarations, `${at}.functionDeclarations`).entries()) {
      const declared = readDeclaration(declaration, `${at}.functionDeclarations[${i}]`, strict)
      if (names.has(declared.name)) throw bad(`Duplicate function declaration found: ${declared.name}`)
      names.add(declared.name)
      result.tools.push(declared)
    }
  }
  return result
}

function readDeclaration(value: JsonValue, at: string, strict: boolean): DeclaredTool {
  const declaration = members(value, at, strict ? KNOWN.declaration : undefined)
  const name = string(declaration.name, `${at}.name`) ?? ''
  if (!/^[a-zA-Z_][\w.:-]{0,127}$/.test(name))
    throw bad(
      `* GenerateContentRequest.${at.replace('functionDeclarations', 'function_declarations')}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.\n`,
    )
  const { parameters, parametersJsonSchema } = declaration
  if (parameters && parametersJsonSchema)
    throw bad(`* GenerateContentRequest.${at}: only one of parameters and parameters_json_schema may be set.\n`)
  if (parameters) checkSchema(parameters, `${at}.parameters`, strict ? KNOWN.schema : undefined)
  const schema = parameters ?? parametersJsonSchema ?? undefined
  return { name, kind: 'function', schema, description: string(declaration.description, `${at}.description`) ?? '' }
}

function readChoice(value: JsonValue | undefined, tools: readonly DeclaredTool[], { strict }: Rules): ToolChoice {
  if (value === undefined || value === null) return { mode: 'auto' }
  const config = members(value, 'toolConfig', strict ? KNOWN.toolConfig : undefined)
  if (config.functionCallingConfig === undefined || config.functionCallingConfig === null) return { mode: 'auto' }
  const calling = members(config.functionCallingConfig, 'toolConfig.functionCallingConfig', strict ? KNOWN.calling : undefined)
  const mode = (string(calling.mode, 'toolConfig.functionCallingConfig.mode') ?? 'AUTO').toUpperCase()
  if (!['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(mode))
    throw bad(`Invalid value at 'tool_config.function_calling_config.mode', "${mode}"`)
  const names = list(calling.allowedFunctionNames, 'toolConfig.functionCallingConfig.allowedFunctionNames').map(String)
  if (names.length > 0 && mode !== 'ANY' && mode !== 'VALIDATED')
    throw bad('Function calling config: allowed_function_names can only be set when function calling mode is ANY or VALIDATED.')
  const undeclared = names.find((name) => !tools.some((tool) => tool.name === name))
  if (undeclared !== undefined)
    throw bad(`Function calling config: allowed_function_names contains a function that is not declared: ${undeclared}`)
  if (mode === 'ANY' && tools.length === 0) throw bad('Function calling config is set without function_declarations.')
  const allowed = names.length > 0 ? { names } : {}
  return mode === 'NONE' ? { mode: 'none' } : { mode: mode === 'ANY' ? 'required' : 'auto', ...allowed }
}

/** A countTokens body: contents alone, or a whole request wrapped. */
export function readCount(body: JsonObject, address: Address, rules: Rules): Prompt {
  const wrapped = asObject(body.generateContentRequest ?? body.generate_content_request)
  if (wrapped === undefined) return readGemini(body, address, rules)
  const model = asString(wrapped.model)?.replace(/^models\//, '') ?? address.model
  return readGemini(wrapped, { ...address, model }, rules)
}
