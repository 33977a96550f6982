// Reads and checks Gemini's contents: roles, parts, and the pairing of function calls and responses.

import { isObject, type JsonObject, type JsonValue } from '../lib/json.ts'
import { bad, KNOWN, list, members, string } from './gemini-checks.ts'
import { nothingSeen, type Rules, type Seen } from './prompt.ts'
import { isBase64, sealState } from './tokens.ts'

export interface Contents {
  readonly seen: Seen
  lastText: string
  results: string[]
}

interface State extends Contents {
  /** Calls of the turn before that wait for their responses. */
  open: number
  /** Calls of the current turn whose signature is missing. */
  unsigned: string | undefined
}

interface Reading {
  readonly rules: Rules
  readonly model: string
}

/** @throws Failure in Gemini's words. */
export function readContents(value: JsonValue | undefined, reading: Reading): Contents {
  // A single content is accepted where a list is meant.
  const contents = isObject(value) ? [value] : list(value, 'contents')
  if (contents.length === 0) throw bad('* GenerateContentRequest.contents: contents is not specified\n')
  const state: State = { seen: nothingSeen(), lastText: '', results: [], open: 0, unsigned: undefined }
  state.seen.messages = contents.length
  let before = ''
  for (const [index, entry] of contents.entries()) before = readContent(entry, index, { state, reading, before })
  if (reading.rules.modelRules && state.unsigned !== undefined && /^gemini-3/.test(reading.model))
    throw bad(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${state.unsigned}\`.`,
    )
  return state
}

interface Turn {
  readonly state: State
  readonly reading: Reading
  /** Kind of the content before: `user`, `call`, `response`, `model`, or nothing. */
  readonly before: string
}

function readContent(entry: JsonValue, index: number, { state, reading, before }: Turn): string {
  const at = `contents[${index}]`
  const { strict } = reading.rules
  const content = members(entry, at, strict ? KNOWN.content : undefined)
  const role = string(content.role, `${at}.role`) ?? 'user'
  if (role !== 'user' && role !== 'model' && role !== 'function') throw bad('Please use a valid role: user, model.')
  const values = list(content.parts, `${at}.parts`)
  if (values.length === 0) throw bad(`* GenerateContentRequest.${at}.parts: contents.parts must not be empty.\n`)
  const parts = values.map((value, i) => readPart(value, `${at}.parts[${i}]`, strict))
  const calls = parts.filter((part) => part.functionCall !== undefined)
  const responses = parts.filter((part) => part.functionResponse !== undefined)
  checkOrder({ calls: calls.length, responses: responses.length, before, open: state.open })
  state.open = calls.length
  let text = ''
  for (const [i, part] of parts.entries()) text += count(part, `${at}.parts[${i}]`, state)
  if (role === 'model') {
    state.results = []
    const first = calls[0]
    if (first !== undefined && first.thoughtSignature === undefined) state.unsigned = String((first.functionCall as JsonObject).name)
    return calls.length > 0 ? 'call' : 'model'
  }
  for (const { functionResponse } of responses) state.results.push(resultOf(functionResponse as JsonObject))
  if (responses.length > 0) return 'response'
  state.lastText = text
  state.unsigned = undefined
  return 'user'
}

interface Order {
  readonly calls: number
  readonly responses: number
  readonly before: string
  readonly open: number
}

function checkOrder({ calls, responses, before, open }: Order): void {
  if (responses > 0 && before !== 'call')
    throw bad('Please ensure that function response turn comes immediately after a function call turn.')
  if ((responses > 0 || open > 0) && responses !== open)
    throw bad(
      'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
    )
  if (calls > 0 && before !== 'user' && before !== 'response')
    throw bad('Please ensure that function call turn comes immediately after a user turn or after a function response turn.')
}

const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
]

function readPart(value: JsonValue, at: string, strict: boolean): JsonObject {
  const part = members(value, at, strict ? KNOWN.part : undefined)
  const data = DATA.filter((name) => part[name] !== undefined && part[name] !== null)
  if (data.length === 0 && part.thoughtSignature === undefined)
    throw bad(`* GenerateContentRequest.${at}.data: required oneof field 'data' must have one initialized field\n`)
  if (data.length > 1) throw bad(`Invalid value at '${at}' (oneof), oneof field 'data' is already set. Cannot set '${data[1]}'`)
  const signature = string(part.thoughtSignature, `${at}.thoughtSignature`)
  if (signature !== undefined && sealState('thought', signature) === 'altered') throw bad('Corrupted thought signature.')
  if (part.functionCall) part.functionCall = readCall(part.functionCall, `${at}.functionCall`, strict)
  if (part.functionResponse) part.functionResponse = readResponse(part.functionResponse, `${at}.functionResponse`, strict)
  return part
}

function readCall(value: JsonValue, at: string, strict: boolean): JsonObject {
  const call = members(value, at, strict ? KNOWN.call : undefined)
  if (!string(call.name, `${at}.name`)) throw bad(`* GenerateContentRequest.${at}.name: Name cannot be empty.\n`)
  if (call.args !== undefined && call.args !== null && !isObject(call.args)) throw struct(`${at}.args`, call.args)
  return call
}

function readResponse(value: JsonValue, at: string, strict: boolean): JsonObject {
  const response = members(value, at, strict ? KNOWN.response : undefined)
  if (!string(response.name, `${at}.name`)) throw bad(`* GenerateContentRequest.${at}.name: Name cannot be empty.\n`)
  if (response.response !== undefined && response.response !== null && !isObject(response.response))
    throw struct(`${at}.response`, response.response)
  return response
}

const struct = (path: string, value: JsonValue) =>
  bad(`Invalid value at '${path}' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(value)}`)

/** Counts a part and returns its text, thoughts excluded. */
function count(part: JsonObject, at: string, { seen }: State): string {
  const text = string(part.text, `${at}.text`) ?? ''
  seen.characters += text.length
  if (part.functionCall) seen.characters += JSON.stringify(part.functionCall).length
  if (part.functionResponse) seen.characters += JSON.stringify((part.functionResponse as JsonObject).response ?? '').length
  const media = part.inlineData ?? part.fileData
  if (media !== undefined && media !== null) {
    const inner = members(media, `${at}.data`, undefined)
    const mime = string(inner.mimeType, `${at}.mimeType`) ?? ''
    seen[mime.startsWith('image/') ? 'images' : mime.startsWith('audio/') ? 'audios' : 'files']++
    if (part.inlineData) checkInline(inner, mime, at)
    else if (!string(inner.fileUri, `${at}.fileUri`)) throw bad(`* GenerateContentRequest.${at}.file_data.file_uri: must not be empty.\n`)
  }
  return part.thought === true ? '' : text
}

function checkInline(inner: JsonObject, mime: string, at: string): void {
  if (mime === '') throw bad(`* GenerateContentRequest.${at}.inline_data.mime_type: must not be empty.\n`)
  const data = string(inner.data, `${at}.inlineData.data`) ?? ''
  if (data === '') throw bad(`* GenerateContentRequest.${at}.inline_data.data: must not be empty.\n`)
  if (!isBase64(data, true))
    throw bad(`Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed for "${data.slice(0, 30)}"`)
}

function resultOf({ response }: JsonObject): string {
  const only = isObject(response) && Object.keys(response).length === 1 ? Object.values(response)[0] : response
  return typeof only === 'string' ? only : JSON.stringify(only ?? '')
}

/** Characters of the system instruction, which may be a content, a part list or plain text. */
export function readSystem(value: JsonValue | undefined, { strict }: Rules): number {
  if (value === undefined || value === null) return 0
  const content = members(value, 'systemInstruction', strict ? KNOWN.content : undefined)
  let characters = 0
  for (const [index, part] of list(content.parts, 'systemInstruction.parts').entries())
    characters += (string(readPart(part, `systemInstruction.parts[${index}]`, strict).text, 'systemInstruction.parts.text') ?? '').length
  return characters
}
