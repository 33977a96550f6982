// Fetches media that the client named by URL and the upstream cannot fetch by itself. Every fetch goes
// through the address guard; a failure is the client's 400, never a placeholder text.

import type { Block, ChatRequest, MediaSource, Message } from '../core/chat.ts'
import { GatewayError } from '../core/errors.ts'
import type { Candidate } from '../routing/index.ts'
import type { Gateway } from './call.ts'

type Kind = 'image' | 'file' | 'audio'

/** The request with every URL of the kinds this candidate cannot take replaced by its bytes. */
export async function inlined(request: ChatRequest, { via }: Candidate, gateway: Gateway): Promise<ChatRequest> {
  const kinds = via.declared.inline ?? via.format.inline
  if (kinds === undefined || !request.messages.some((message) => message.content.some((block) => needs(block, kinds)))) return request
  const messages = await Promise.all(
    request.messages.map((message, index) => inlineMessage(message, { kinds, gateway, field: `messages[${index}]` })),
  )
  return { ...request, messages }
}

const urlOf = (block: Block): string | undefined =>
  (block.type === 'image' || block.type === 'file' || block.type === 'audio') &&
  block.source.kind === 'url' &&
  /^https?:/i.test(block.source.url)
    ? block.source.url
    : undefined

const needs = (block: Block, kinds: readonly Kind[]): boolean =>
  block.type === 'tool-result'
    ? block.content.some((inner) => needs(inner, kinds))
    : urlOf(block) !== undefined && kinds.includes(block.type as Kind)

interface Work {
  readonly kinds: readonly Kind[]
  readonly gateway: Gateway
  readonly field: string
}

async function inlineMessage(message: Message, work: Work): Promise<Message> {
  if (!message.content.some((block) => needs(block, work.kinds))) return message
  return { ...message, content: await Promise.all(message.content.map((block) => inlineBlock(block, work))) }
}

async function inlineBlock(block: Block, work: Work): Promise<Block> {
  if (!needs(block, work.kinds)) return block
  if (block.type === 'tool-result') {
    return { ...block, content: (await Promise.all(block.content.map((inner) => inlineBlock(inner, work)))) as typeof block.content }
  }
  const url = urlOf(block)
  if (url === undefined) return block
  return { ...block, source: await fetched(url, work) } as Block
}

async function fetched(url: string, { gateway, field }: Work): Promise<MediaSource> {
  try {
    const page = await gateway.fetchGuarded(url, { maxBytes: 20 * 1024 * 1024, deadlineMs: 20_000 })
    if (page.status !== 200) throw new Error(`status ${page.status}`)
    return { kind: 'base64', mediaType: sniffed(page.bytes) ?? page.mediaType, data: toBase64(page.bytes) }
  } catch (cause) {
    throw new GatewayError(
      'invalid_media',
      { field, message: 'A URL of the request could not be fetched. Send the content as base64 instead.' },
      cause,
    )
  }
}

/** The type the first bytes prove: servers and suffixes are often wrong about it, and upstreams check. */
function sniffed(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 16))
  if (head.startsWith('\x89PNG')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('GIF8')) return 'image/gif'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp'
  if (head.startsWith('%PDF-')) return 'application/pdf'
  return undefined
}

function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64()
}
