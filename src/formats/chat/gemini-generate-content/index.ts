// Google Gemini's generateContent: the codec, and the helpers of its `:countTokens`.

import type { ChatFormat } from '../format.ts'
import { decodeError, encodeError, encodeErrorFrame } from './errors.ts'
import { fields } from './fields.ts'
import { passthroughEdits, path, peek } from './peek.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decodeStream } from './stream-decode.ts'
import { encodeStream } from './stream-encode.ts'
import { watch } from './watch.ts'
import { FORMAT } from './wire.ts'

export { countTokensRequest, encodeCountTokens } from './count-tokens.ts'
export { type Route as GeminiRoute, routeOf as geminiRoute } from './peek.ts'

export const geminiGenerateContent: ChatFormat = Object.freeze({
  id: FORMAT,
  modelField: 'modelVersion',
  fields,
  upstreamFraming: 'sse',
  // Only newer models fetch addresses by themselves, and not every address.
  inline: ['image', 'file', 'audio'],
  nativeChoices: true,
  path,
  peek,
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  decodeStream,
  encodeStream,
  decodeError,
  encodeError,
  encodeErrorFrame,
  passthroughEdits,
  watch,
  // The SDK skips blocks that do not start with `data:`.
  heartbeat: ': keep-alive\n\n',
  forwardedHeaders: ['x-goog-api-client', 'x-goog-user-project', 'x-server-timeout'],
} satisfies ChatFormat)
