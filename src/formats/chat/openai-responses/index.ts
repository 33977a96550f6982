// The format `openai-responses`: OpenAI's Responses API in its stateless form, as client and as upstream.
// Stored responses, conversations and the WebSocket are not here.

import type { ChatFormat } from '../format.ts'
import { decodeError, encodeError, encodeErrorFrame } from './errors.ts'
import { fields } from './fields.ts'
import { passthroughEdits } from './passthrough.ts'
import { peek } from './peek.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, decodeStream } from './stream-decode.ts'
import { encodeResponse, encodeStream } from './stream-encode.ts'
import { watch } from './watch.ts'
import { FORMAT } from './wire.ts'

export const openaiResponses: ChatFormat = Object.freeze<ChatFormat>({
  id: FORMAT,
  modelField: 'model',
  costPath: ['usage', 'cost'],
  frameCostPath: ['response', 'usage', 'cost'],
  fields,
  upstreamFraming: 'sse',
  inline: ['audio'],
  nativeChoices: false,
  path: () => '/responses',
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
  heartbeat: ': keep-alive\n\n',
  forwardedHeaders: ['openai-beta', 'x-client-request-id'],
})
