// A client's generateContent request to the neutral model. The model and the wish to stream stand in the
// path. Members we do not read are carried and only written again for Gemini.

import type { ChatRequest } from '../../../core/chat.ts'
import { invalid } from '../../../core/errors.ts'
import type { HttpRequest } from '../../../core/http-message.ts'
import type { Note } from '../../../core/warning.ts'
import { compact, type JsonObject } from '../../../lib/json.ts'
import { decodeConfig } from './config-decode.ts'
import { decodeContents, decodeSystem } from './contents-decode.ts'
import { peek } from './peek.ts'
import { othersOf, stringOf } from './spelling.ts'
import { decodeToolConfig, decodeTools } from './tools-decode.ts'
import { FORMAT } from './wire.ts'

const READ = new Set(['model', 'stream', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'serviceTier'])

export function decodeRequest(http: HttpRequest, note: Note): ChatRequest {
  try {
    return decodeBody(http, note)
  } catch (thrown) {
    // Only nesting beyond what the runtime prints ends here.
    throw thrown instanceof RangeError ? invalid('contents', 'The request is nested too deeply.') : thrown
  }
}

function decodeBody(http: HttpRequest, note: Note): ChatRequest {
  const { body } = http
  const { model, stream } = peek(http)
  const tools = decodeTools(body)
  const { toolChoice, carried: toolConfig } = decodeToolConfig(body, tools)
  const { carried: generationConfig, ...settings } = decodeConfig(body, note)
  const carried: JsonObject = othersOf(body, READ)
  if (Object.keys(toolConfig).length > 0) carried['toolConfig'] = toolConfig
  if (Object.keys(generationConfig).length > 0) carried['generationConfig'] = generationConfig
  return compact({
    ...settings,
    model,
    messages: [...decodeSystem(body), ...decodeContents(body)],
    tools,
    toolChoice,
    stream,
    serviceTier: tierOf(body),
    extensions: { [FORMAT]: carried },
  }) as ChatRequest
}

/** `standard` is what other formats call `default`. */
function tierOf(body: JsonObject): string | undefined {
  const tier = stringOf(body, 'serviceTier', '')
    ?.toLowerCase()
    .replace(/^service_tier_/, '')
  return tier === undefined || tier === 'unspecified' || tier === '' ? undefined : tier === 'standard' ? 'default' : tier
}
