// Same-format traffic that goes by unchanged: usage, content, end and errors are seen in it. Frames without
// a marker are content; the markers are written as compact and as spaced JSON prints them.

import { GatewayError } from '../../../core/errors.ts'
import type { Frame } from '../../../lib/framing/frame.ts'
import { asArray, isObject, type JsonObject, type JsonValue, tryParseJson } from '../../../lib/json.ts'
import type { Sighting, Watch } from '../format.ts'
import { embeddedError, errorFrame } from './errors.ts'
import { finishFailure } from './finish.ts'
import { usageIn } from './usage.ts'

const spaced = (member: string, start: string): string[] => [`"${member}":${start}`, `"${member}": ${start}`]

const MARKERS: readonly string[] = [
  '[DONE]',
  'error',
  '"role"',
  ...spaced('usage', '{'),
  ...spaced('finish_reason', '"'),
  ...spaced('choices', '[]'),
  ...spaced('choices', 'null'),
]

const CONTENT = [
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'tool_calls',
  'function_call',
  'audio',
  'images',
  'reasoning_details',
] as const

function hasContent(message: JsonValue | undefined): boolean {
  if (!isObject(message)) return false
  return CONTENT.some((key) => {
    const value = message[key]
    return typeof value === 'string' || Array.isArray(value) ? value.length > 0 : isObject(value)
  })
}

/** A finish reason that is a failure in disguise. */
function choiceFailure(choices: readonly JsonObject[], message: 'delta' | 'message'): GatewayError | undefined {
  for (const choice of choices) {
    const embedded = isObject(choice['error']) ? embeddedError({ error: choice['error'] }) : undefined
    if (embedded !== undefined) return embedded
    const raw = choice['finish_reason']
    // What came in earlier frames is not known here: only plain failures count.
    const failure = typeof raw === 'string' ? finishFailure(raw, message === 'delta' || hasContent(choice[message])) : undefined
    if (failure !== undefined) return failure
  }
  return undefined
}

function frame(seen: Frame): Sighting {
  const data = seen.data.trim()
  if (data === '[DONE]') return { end: true, sealed: true }
  if (seen.event === 'error') return { error: errorFrame(data) }
  if (data === '') return {}
  const wire = tryParseJson(data)
  if (!isObject(wire)) return { error: new GatewayError('upstream_malformed') }
  const choices = (asArray(wire['choices']) ?? []).filter(isObject)
  const error = embeddedError(wire) ?? choiceFailure(choices, 'delta')
  if (error !== undefined) return { error }
  const usage = usageIn(wire)
  const content = choices.some(
    ({ delta, message, text }) => hasContent(delta) || hasContent(message) || (typeof text === 'string' && text !== ''),
  )
  const end = choices.some(({ finish_reason: reason }) => typeof reason === 'string' && reason !== '')
  return {
    ...(usage && { usage }),
    ...(content && { content }),
    // Some hosts send no `[DONE]`: a finish reason is then the last word.
    ...(end && { end }),
    ...(usage && choices.length === 0 && { usageOnly: true }),
  }
}

function response(wire: JsonValue): Sighting {
  if (!isObject(wire)) return { error: new GatewayError('upstream_malformed') }
  const choices = (asArray(wire['choices']) ?? []).filter(isObject)
  const error = embeddedError(wire) ?? choiceFailure(choices, 'message')
  if (error !== undefined) return { error }
  if (!choices.some(({ message, finish_reason: reason }) => isObject(message) || typeof reason === 'string'))
    return { error: new GatewayError('upstream_empty') }
  const usage = usageIn(wire)
  return { ...(usage && { usage }), content: choices.some(({ message }) => hasContent(message)), end: true }
}

export const watch: Watch = { markers: MARKERS, modelPath: ['model'], terminator: { data: '[DONE]' }, frame, response }
