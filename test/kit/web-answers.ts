// Answers as a client of each format puts them together, read by plain rules of the wire and not by our own code: events
// in order with their arrival times, and the message they add up to.

type Wire = Record<string, unknown>

/** One event of a stream. */
export interface Heard {
  readonly event: string | undefined
  readonly data: Wire
  readonly atMs: number
}

export interface Citation {
  readonly type: string
  readonly url: string
  readonly title: string
  readonly cited_text: string
  readonly encrypted_index: string
  readonly document_index?: number
  readonly start_char_index?: number
  readonly end_char_index?: number
}
export interface SearchHit {
  readonly type: string
  readonly url: string
  readonly title: string
  readonly page_age: string | null
  readonly encrypted_content: string
}
export interface FetchedPage {
  readonly type: string
  readonly url: string
  readonly retrieved_at: string
  readonly error_code?: string
  readonly content: {
    readonly type: string
    readonly title: string | null
    readonly source: { readonly type: string; readonly media_type: string; readonly data: string }
    readonly citations: { readonly enabled: boolean } | null
  }
}
/** A content block of a message, with every member that any kind has. */
export interface Block {
  readonly type: string
  readonly id: string
  readonly name: string
  readonly input: Wire
  readonly text: string
  readonly tool_use_id: string
  readonly caller: { readonly type: string }
  readonly citations?: readonly Citation[] | null
  readonly content: readonly SearchHit[] | { readonly type: string; readonly error_code: string } | FetchedPage
}
export interface Message {
  readonly id: string
  readonly type: string
  readonly role: string
  readonly model: string
  readonly content: readonly Block[]
  readonly stop_reason: string | null
  readonly usage: {
    readonly input_tokens: number
    readonly output_tokens: number
    readonly cache_read_input_tokens: number
    readonly cache_creation_input_tokens: number
    readonly server_tool_use: { readonly web_search_requests: number; readonly web_fetch_requests: number } | null
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The body of a whole answer, or what the events add up to in Messages. */
  readonly json: Wire
  /** Bytes as they came. */
  readonly text: string
  readonly events: readonly Heard[]
  /** @throws when the answer is a failure. */
  readonly message: Message
}

export async function readAnswer(response: Response, hear?: (heard: Heard) => void): Promise<Answer> {
  const base = { status: response.status, headers: response.headers }
  if (!response.headers.get('content-type')?.includes('event-stream')) {
    const text = await response.text()
    const json = parsed(text)
    return answer({ ...base, json, text, events: [] })
  }
  let text = ''
  let rest = ''
  const events: Heard[] = []
  const decoder = new TextDecoder()
  for await (const bytes of response.body as ReadableStream<Uint8Array>) {
    const piece = decoder.decode(bytes, { stream: true })
    text += piece
    rest += piece
    const frames = rest.split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const heard = readFrame(frame)
      if (heard === undefined) continue
      events.push(heard)
      hear?.(heard)
    }
  }
  return answer({ ...base, json: foldMessage(events), text, events })
}

const answer = (read: Omit<Answer, 'message'>): Answer => ({
  ...read,
  get message(): Message {
    if (read.status !== 200 || read.json.type !== 'message') throw new Error(`no message: ${read.status} ${read.text.slice(0, 1000)}`)
    return read.json as unknown as Message
  },
})

function readFrame(frame: string): Heard | undefined {
  const lines = frame.split('\n')
  const event = lines.find((line) => line.startsWith('event: '))?.slice(7)
  const data = lines
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
    .join('\n')
  return data === '' ? undefined : { event, data: data === '[DONE]' ? { done: true } : parsed(data), atMs: performance.now() }
}

function parsed(text: string): Wire {
  try {
    return JSON.parse(text) as Wire
  } catch {
    return { unreadable: text }
  }
}

/** Adds up the events of a Messages stream, as the documentation of streaming says; other streams add up to `{}`. */
function foldMessage(events: readonly Heard[]): Wire {
  let message: Wire = {}
  const blocks: Wire[] = []
  const inputs = new Map<number, string>()
  for (const { data } of events) {
    const index = data.index as number
    const block = blocks[index]
    if (data.type === 'message_start') message = { ...(data.message as Wire) }
    else if (data.type === 'content_block_start') blocks[index] = { ...(data.content_block as Wire) }
    else if (data.type === 'content_block_delta' && block !== undefined)
      addDelta(block, data.delta as Wire, (json) => inputs.set(index, (inputs.get(index) ?? '') + json))
    else if (data.type === 'content_block_stop' && block !== undefined && inputs.get(index))
      block.input = parsed(inputs.get(index) as string)
    else if (data.type === 'message_delta') {
      Object.assign(message, data.delta)
      const given = Object.entries((data.usage as Wire | undefined) ?? {}).filter(([, value]) => value !== null)
      message.usage = { ...(message.usage as Wire), ...Object.fromEntries(given) }
    } else if (data.type === 'error') message = { type: 'error', error: data.error }
  }
  if (message.type === 'message') message.content = blocks
  return message
}

function addDelta(block: Wire, delta: Wire, json: (text: string) => void): void {
  if (delta.type === 'text_delta') block.text = `${block.text}${delta.text}`
  else if (delta.type === 'thinking_delta') block.thinking = `${block.thinking}${delta.thinking}`
  else if (delta.type === 'signature_delta') block.signature = delta.signature
  else if (delta.type === 'input_json_delta') json(String(delta.partial_json))
  else if (delta.type === 'citations_delta') block.citations = [...((block.citations as unknown[] | undefined) ?? []), delta.citation]
}

// ── Looking into messages ─────────────────────────────────────────────────────────────────────────

export const kinds = (message: Message): string[] => message.content.map(({ type }) => type)
export const blocks = (message: Message, type: string): Block[] => message.content.filter((block) => block.type === type)
export const calls = (message: Message): Block[] => blocks(message, 'server_tool_use')
export const searchResults = (message: Message): Block[] => blocks(message, 'web_search_tool_result')
export const fetchResults = (message: Message): Block[] => blocks(message, 'web_fetch_tool_result')
export const textOf = (message: Message): string =>
  blocks(message, 'text')
    .map(({ text }) => text)
    .join('')
export const citationsOf = (message: Message): Citation[] => message.content.flatMap((block) => block.citations ?? [])

/** Results of all searches. */
export const hits = (message: Message): SearchHit[] =>
  searchResults(message).flatMap(({ content }) => (Array.isArray(content) ? (content as SearchHit[]) : []))

/** The error codes of all result blocks; `undefined` for one that succeeded. */
export const codes = (message: Message): (string | undefined)[] =>
  message.content.filter(({ type }) => type.endsWith('_tool_result')).map(({ content }) => (content as { error_code?: string }).error_code)

/** Without what differs between two equal answers: ids, sealed blobs and times. */
export function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (key, item: unknown) =>
    key === 'encrypted_content' || key === 'encrypted_index' || key === 'retrieved_at'
      ? typeof item === 'string' && item !== ''
        ? '…'
        : item
      : item,
  )
  return JSON.parse(text.replace(/\b(srvtoolu|toolu|msg|call|fc|ws|resp|chatcmpl)[_-][A-Za-z0-9_-]+/g, '$1'))
}
