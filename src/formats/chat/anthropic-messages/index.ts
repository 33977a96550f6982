// The chat format `anthropic-messages`: Anthropic's Messages API as clients and upstreams speak it. This
// file only names the parts; each direction has a file of its own.

import type { ChatFormat } from '../format.ts'
import { decodeError, encodeError, encodeErrorFrame } from './errors.ts'
import { fields } from './fields.ts'
import { peek } from './peek.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decodeStream } from './stream-decode.ts'
import { encodeStream } from './stream-encode.ts'
import { watch } from './watch.ts'
import { DEFAULT_VERSION, FORMAT_ID } from './wire.ts'

export { type ModelFacts as ClaudeModelFacts, modelFacts as claudeModelFacts } from './models.ts'
export { countTokensBody } from './request-encode.ts'

export const anthropicMessages: ChatFormat = {
  id: FORMAT_ID,
  modelField: 'model',
  fields,
  upstreamFraming: 'sse',
  defaultHeaders: { 'anthropic-version': DEFAULT_VERSION },
  nativeChoices: false,
  path: () => '/messages',
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
  // The model also loses decorations such as `[1m]`: what goes out is what routing resolved.
  passthroughEdits: (_peek, upstreamModel, body) =>
    body['model'] === upstreamModel ? [] : [{ op: 'set', path: ['model'], value: upstreamModel }],
  watch,
  heartbeat: 'event: ping\ndata: {"type": "ping"}\n\n',
  forwardedHeaders: [
    'anthropic-version',
    'anthropic-beta',
    'anthropic-workspace-id',
    'anthropic-user-profile-id',
    'x-claude-code-session-id',
    'x-claude-code-agent-id',
    'x-claude-code-parent-agent-id',
  ],
}
