// Amazon Bedrock's Converse, as an upstream format only: no client speaks it to us, so the client's half of
// the contract refuses. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html

import { GatewayError } from '../../../core/errors.ts'
import { asObject } from '../../../lib/json.ts'
import type { ChatFormat } from '../format.ts'
import { decodeError } from './errors.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse } from './response.ts'
import { decodeStream } from './stream.ts'
import { decodeUsage } from './usage.ts'
import { FORMAT_ID } from './wire.ts'

function upstreamOnly(): never {
  throw new GatewayError('not_found', { message: 'This format is spoken to upstreams only.' })
}

export const bedrockConverse: ChatFormat = {
  id: FORMAT_ID,
  modelField: 'model',
  fields: {},
  upstreamFraming: 'aws-event-stream',
  inline: ['image', 'file'],
  nativeChoices: false,
  // Ids hold colons, and ARNs and inference profiles hold slashes: one path segment all the same.
  path: (upstreamModel, stream) => `/model/${encodeURIComponent(upstreamModel)}/${stream ? 'converse-stream' : 'converse'}`,
  peek: upstreamOnly,
  decodeRequest: upstreamOnly,
  encodeRequest,
  decodeResponse,
  encodeResponse: upstreamOnly,
  decodeStream,
  encodeStream: upstreamOnly,
  decodeError,
  encodeError: upstreamOnly,
  encodeErrorFrame: upstreamOnly,
  passthroughEdits: () => [],
  watch: {
    markers: [],
    modelPath: ['model'],
    frame: () => ({}),
    response(wire) {
      const usage = decodeUsage(asObject(wire)?.usage)
      return usage === undefined ? {} : { usage }
    },
  },
  heartbeat: '',
  forwardedHeaders: [],
}
