// How Gemini words its refusals, the members it knows, and its rules for schemas.

import { isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { Failure, type FailureBody, retryHeaders } from './failure.ts'

export const bad = (message: string): Failure => new Failure(400, message)

/** `snake_case` is accepted for every member. */
export const camel = (name: string): string => name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '))

export const KNOWN = {
  request: set(
    'contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent model serviceTier store labels continuationToken',
  ),
  content: set('parts role'),
  part: set(
    'text inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse thought thoughtSignature mediaResolution videoMetadata partMetadata mediaProcessing audioTranscription speechMetadata',
  ),
  config: set(
    'temperature topP topK candidateCount maxOutputTokens stopSequences responseMimeType responseSchema responseJsonSchema responseFormat responseModalities responseLogprobs logprobs presencePenalty frequencyPenalty seed speechConfig mediaResolution thinkingConfig imageConfig enableEnhancedCivicAnswers audioTimestamp routingConfig modelSelectionConfig audioTranscriptionConfig translationConfig enableAffectiveDialog',
  ),
  thinking: set('includeThoughts thinkingBudget thinkingLevel'),
  tool: set(
    'functionDeclarations googleSearch googleSearchRetrieval codeExecution urlContext googleMaps computerUse fileSearch mcpServers retrieval enterpriseWebSearch exaAiSearch parallelAiSearch',
  ),
  toolConfig: set('functionCallingConfig retrievalConfig includeServerSideToolInvocations'),
  calling: set('mode allowedFunctionNames streamFunctionCallArguments'),
  declaration: set('name description parameters parametersJsonSchema response responseJsonSchema behavior'),
  call: set('id name args partialArgs willContinue'),
  response: set('id name response parts scheduling willContinue'),
  schema: set(
    'type format title description nullable enum items maxItems minItems properties required minProperties maxProperties minLength maxLength pattern example anyOf propertyOrdering default minimum maximum',
  ),
} as const

/** The object with camel-case names. `path` is empty at the top. @throws Failure for a name Gemini does not know. */
export function members(value: JsonValue | undefined, path: string, known: ReadonlySet<string> | undefined): JsonObject {
  if (!isObject(value)) throw malformed(path)
  const result: JsonObject = {}
  for (const [name, member] of Object.entries(value)) {
    const key = camel(name)
    if (known !== undefined && !known.has(key)) throw unknownName(name, path)
    result[key] = member
  }
  return result
}

const malformed = (path: string): Failure =>
  new Failure(400, `Invalid value at '${snake(path)}' (type mismatch): expected an object.`, { field: snake(path) })

function unknownName(name: string, path: string): Failure {
  const place = path === '' ? '' : ` at '${snake(path)}'`
  return new Failure(400, `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`, { field: snake(path) })
}

const snake = (path: string): string => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export function list(value: JsonValue | undefined, path: string): JsonValue[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Failure(400, `Invalid value at '${snake(path)}': expected a list.`, { field: snake(path) })
  return value
}

export interface Range {
  readonly integer?: boolean
  readonly min?: number
  readonly max?: number
}

/** A number that may be absent or null. */
export function number(value: JsonValue | undefined, path: string, { integer, min, max }: Range): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || (integer && !Number.isInteger(value)))
    throw new Failure(400, `Invalid value at '${snake(path)}' (${integer ? 'TYPE_INT32' : 'TYPE_FLOAT'}), ${JSON.stringify(value)}`, {
      field: snake(path),
    })
  if ((min !== undefined && value < min) || (max !== undefined && value > max))
    throw bad(`* GenerateContentRequest.${snake(path)}: must be in the range [${min ?? '-inf'}, ${max ?? 'inf'}], but was ${value}.\n`)
  return value
}

export function string(value: JsonValue | undefined, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string')
    throw new Failure(400, `Invalid value at '${snake(path)}' (TYPE_STRING), ${JSON.stringify(value)}`, { field: snake(path) })
  return value
}

const TYPES = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL', 'TYPE_UNSPECIFIED'])

/** Checks Gemini's own schema dialect, in which a translated JSON Schema often does not fit. */
export function checkSchema(value: JsonValue | undefined, path: string, known: ReadonlySet<string> | undefined, depth = 0): void {
  if (depth > 32) throw bad(`${path}: schema is nested too deeply`)
  const schema = members(value, path, known)
  const type = string(schema.type, `${path}.type`)?.toUpperCase()
  if (type !== undefined && !TYPES.has(type))
    throw new Failure(
      400,
      `Invalid value at '${snake(path)}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), ${JSON.stringify(schema.type)}`,
      { field: snake(path) },
    )
  const options = list(schema.enum, `${path}.enum`)
  for (const [index, option] of options.entries())
    if (typeof option !== 'string')
      throw new Failure(400, `Invalid value at '${snake(path)}.enum[${index}]' (TYPE_STRING), ${JSON.stringify(option)}`)
  if (options.length > 0 && type !== undefined && type !== 'STRING')
    throw bad(`* GenerateContentRequest.${snake(path)}.enum: only allowed for STRING type\n`)
  if (type === 'ARRAY' && schema.items === undefined) throw bad(`* GenerateContentRequest.${snake(path)}.items: missing field.\n`)
  const properties = schema.properties === undefined ? undefined : members(schema.properties, `${path}.properties`, undefined)
  if (type === 'OBJECT' && (properties === undefined || Object.keys(properties).length === 0))
    throw bad(`* GenerateContentRequest.${snake(path)}.properties: should be non-empty for OBJECT type\n`)
  if (isObject(schema.properties)) {
    for (const [name, property] of Object.entries(schema.properties)) checkSchema(property, `${path}.properties[${name}]`, known, depth + 1)
    for (const name of list(schema.required, `${path}.required`))
      if (!(String(name) in schema.properties))
        throw bad(`* GenerateContentRequest.${snake(path)}.required: property is not defined: ${String(name)}\n`)
  }
  if (schema.items !== undefined) checkSchema(schema.items, `${path}.items`, known, depth + 1)
  for (const [index, branch] of list(schema.anyOf, `${path}.anyOf`).entries())
    checkSchema(branch, `${path}.any_of[${index}]`, known, depth + 1)
}

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

const own = (status: number): number => (status === 529 ? 503 : status)

export function geminiError({ status, message, detail }: Failure): object {
  const code = own(status)
  const details: object[] = []
  if (detail.field !== undefined)
    details.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ ...(detail.field !== '' && { field: detail.field }), description: message }],
    })
  if (detail.retryAfterSeconds !== undefined)
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${detail.retryAfterSeconds}s` })
  return {
    error: {
      code,
      message,
      status: STATUS[code] ?? (code < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'),
      ...(details.length > 0 && { details }),
    },
  }
}

export const geminiFailure = (failure: Failure): FailureBody => ({
  status: own(failure.status),
  body: geminiError(failure),
  headers: retryHeaders(failure),
})
