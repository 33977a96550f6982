// How many tokens a request roughly is, for upstreams that cannot count: every block kind counts, tools
// and images too, with a margin upwards, because clients compact their history by this number.

import { estimateTokenCount } from 'tokenx'
import type { Block, ChatRequest, MediaSource } from '../core/chat.ts'

/** Common tokenizers differ by some ten per cent; too low a count ends a session, too high only compacts early. */
const MARGIN = 1.15
const MESSAGE_TOKENS = 4
const IMAGE_TOKENS = 1600
const PDF_TOKENS_PER_PAGE = 1500
const PDF_BYTES_PER_PAGE = 50_000

export function estimateInputTokens(request: ChatRequest): number {
  let tokens = 3
  for (const message of request.messages) tokens += MESSAGE_TOKENS + sum(message.content)
  for (const tool of request.tools) tokens += 8 + textTokens(JSON.stringify(tool.type === 'server' ? tool.wire : tool))
  if (request.responseFormat?.type === 'json-schema') tokens += textTokens(JSON.stringify(request.responseFormat.schema))
  return Math.ceil(tokens * MARGIN)
}

/** The same for a prompt that goes on as it came, and perhaps holds what only its upstream can read: then its text counts. */
export function estimateUnread(request: () => ChatRequest, text: string): number {
  try {
    return estimateInputTokens(request())
  } catch {
    return textTokens(text)
  }
}

const sum = (blocks: readonly Block[]): number => blocks.reduce((total, block) => total + blockTokens(block), 0)
export const textTokens = (text: string): number => (text === '' ? 0 : estimateTokenCount(text))

function blockTokens(block: Block): number {
  switch (block.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return textTokens(block.text)
    case 'image':
      return IMAGE_TOKENS
    case 'audio':
      return block.source.kind === 'base64' ? Math.ceil(block.source.data.length / 400) : 500
    case 'file':
      return fileTokens(block.source)
    case 'tool-call':
      return 8 + textTokens(block.name) + textTokens(block.arguments)
    case 'tool-result':
      return 8 + sum(block.content)
    case 'server-tool-call':
      return 8 + textTokens(JSON.stringify(block.input))
    case 'server-tool-result':
      return 8 + textTokens(JSON.stringify(block.results ?? block.page ?? ''))
    case 'opaque':
      return textTokens(JSON.stringify(block.wire))
  }
}

function fileTokens(source: MediaSource): number {
  if (source.kind === 'text') return textTokens(source.text)
  const bytes = source.kind === 'base64' ? source.data.length * 0.75 : PDF_BYTES_PER_PAGE
  return Math.max(1, Math.ceil(bytes / PDF_BYTES_PER_PAGE)) * PDF_TOKENS_PER_PAGE
}
