// One output item of an upstream's answer as neutral events. Items are told in pieces (deltas, parts) and
// whole (`output_item.done`, the final `output`), and upstreams leave out either: each piece is counted, and a
// whole value only adds what the pieces did not say.

import type { TokenLogprob } from '../../../core/chat.ts'
import type { ChatEvent } from '../../../core/chat-event.ts'
import { asArray, asNumber, asObject, asString, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { Answer, ItemReader } from './answer.ts'
import { decodeAnnotation } from './citations.ts'
import { searchQuery } from './items-decode.ts'
import { FORMAT } from './wire.ts'

/** What the whole says beyond the pieces. A whole that contradicts them is ignored: they were delivered. */
const remainder = (told: string, whole: string): string =>
  whole.length > told.length && whole.startsWith(told) ? whole.slice(told.length) : ''

// ── Message ───────────────────────────────────────────────────────────────────────────────────────

interface Part {
  block?: number
  readonly refusal: boolean
  text: string
  annotations: number
  logprobs: number
  closed: boolean
}

export function messageReader(answer: Answer): ItemReader {
  const parts = new Map<number, Part>()
  let phase: string | undefined

  const partAt = (index: number, refusal: boolean): Part => {
    let part = parts.get(index)
    if (part === undefined) {
      part = { refusal, text: '', annotations: 0, logprobs: 0, closed: false }
      parts.set(index, part)
    }
    return part
  }
  const opened = (part: Part): number => {
    if (part.block === undefined) {
      part.block = answer.nextBlock()
      const extensions = phase === undefined ? undefined : { [FORMAT]: { phase } }
      answer.emit({
        type: 'text-start',
        choice: 0,
        block: part.block,
        ...(part.refusal && { refusal: true as const }),
        ...(extensions && { extensions }),
      })
      if (part.refusal) answer.sawRefusal()
    }
    return part.block
  }
  const say = (part: Part, text: string): void => {
    if (text === '' || part.closed) return
    const block = opened(part)
    part.text += text
    answer.emit({ type: 'text-delta', choice: 0, block, text })
  }
  const annotate = (part: Part, wire: JsonValue | undefined): void => {
    part.annotations++
    if (part.closed || part.refusal) return
    const citation = wire === undefined ? undefined : decodeAnnotation(wire, part.text)
    if (citation !== undefined) answer.emit({ type: 'citation', choice: 0, block: opened(part), citation })
  }
  const measure = (part: Part, wire: JsonValue | undefined): void => {
    const tokens = (asArray(wire) ?? []).map(decodeLogprob).filter((token) => token !== undefined)
    part.logprobs += tokens.length
    if (tokens.length > 0) answer.emit({ type: 'logprobs', choice: 0, tokens })
  }
  const settle = (part: Part, wire: JsonObject): void => {
    say(part, remainder(part.text, asString(part.refusal ? wire['refusal'] : wire['text']) ?? ''))
    for (const annotation of (asArray(wire['annotations']) ?? []).slice(part.annotations)) annotate(part, annotation)
    if (part.logprobs === 0) measure(part, wire['logprobs'])
  }
  const closePart = (part: Part): void => {
    if (part.closed) return
    part.closed = true
    if (part.block !== undefined) answer.emit({ type: 'text-end', choice: 0, block: part.block })
  }

  return {
    event(type, wire) {
      const part = (refusal: boolean): Part => partAt(asNumber(wire['content_index']) ?? 0, refusal)
      switch (type) {
        case 'response.output_item.added':
          phase = asString(asObject(wire['item'])?.['phase'])
          return
        case 'response.output_text.delta': {
          const at = part(false)
          say(at, asString(wire['delta']) ?? '')
          return measure(at, wire['logprobs'])
        }
        case 'response.refusal.delta':
          return say(part(true), asString(wire['delta']) ?? '')
        case 'response.output_text.done':
        case 'response.refusal.done':
          return settle(part(type === 'response.refusal.done'), wire)
        case 'response.output_text.annotation.added':
          return annotate(part(false), wire['annotation'])
        case 'response.content_part.done': {
          const body = asObject(wire['part']) ?? {}
          const at = part(body['type'] === 'refusal')
          settle(at, body)
          return closePart(at)
        }
      }
    },
    done(item) {
      phase ??= asString(item['phase'])
      for (const [index, wire] of (asArray(item['content']) ?? []).entries()) {
        const body = asObject(wire) ?? {}
        const part = partAt(index, body['type'] === 'refusal')
        if (!part.closed) settle(part, body)
      }
      this.close()
    },
    close: () => {
      for (const part of parts.values()) closePart(part)
    },
  }
}

function decodeLogprob(wire: JsonValue): TokenLogprob | undefined {
  const body = asObject(wire)
  const token = asString(body?.['token'])
  const logprob = asNumber(body?.['logprob'])
  if (body === undefined || token === undefined || logprob === undefined) return undefined
  const bytes = asArray(body['bytes'])?.filter((byte): byte is number => typeof byte === 'number')
  const top = asArray(body['top_logprobs'])
    ?.map(decodeLogprob)
    .filter((entry) => entry !== undefined)
  return { token, logprob, ...(bytes && { bytes }), ...(top && { top }) }
}

// ── Reasoning ─────────────────────────────────────────────────────────────────────────────────────

/** All summary parts of one item are one block, a blank line between them. */
export function reasoningReader(answer: Answer): ItemReader {
  let block: number | undefined
  let closed = false
  /** Summary or full text, whichever spoke first: models that send both say the same twice. */
  let voice: 'summary' | 'full' | undefined
  let last = -1
  const told = new Map<number, string>()

  const open = (summary: boolean): number => {
    if (block === undefined) {
      block = answer.nextBlock()
      answer.emit({ type: 'reasoning-start', choice: 0, block, summary })
    }
    return block
  }
  const say = (kind: 'summary' | 'full', index: number, text: string): void => {
    voice ??= kind
    if (voice !== kind || text === '' || closed) return
    const at = open(kind === 'summary')
    const gap = last >= 0 && index !== last ? '\n\n' : ''
    last = index
    told.set(index, (told.get(index) ?? '') + text)
    answer.emit({ type: 'reasoning-delta', choice: 0, block: at, text: gap + text })
  }
  const settle = (kind: 'summary' | 'full', index: number, whole: string): void => {
    // Only the part told last can still grow: a block's text has one end.
    if (voice === kind && index < last) return
    say(kind, index, remainder(told.get(index) ?? '', whole))
  }
  const finish = (encrypted: string | undefined): void => {
    if (closed) return
    if (block === undefined && !encrypted) return
    const at = open(true)
    closed = true
    answer.emit({ type: 'reasoning-end', choice: 0, block: at, ...(encrypted && { signature: { format: FORMAT, value: encrypted } }) })
  }
  const settleAll = (kind: 'summary' | 'full', list: JsonValue | undefined): void => {
    for (const [index, part] of (asArray(list) ?? []).entries()) settle(kind, index, asString(asObject(part)?.['text']) ?? '')
  }

  return {
    event(type, wire) {
      const index = asNumber(wire['summary_index']) ?? asNumber(wire['content_index']) ?? 0
      if (type === 'response.reasoning_summary_text.delta') say('summary', index, asString(wire['delta']) ?? '')
      else if (type === 'response.reasoning_summary_text.done') settle('summary', index, asString(wire['text']) ?? '')
      else if (type === 'response.reasoning_text.delta') say('full', index, asString(wire['delta']) ?? '')
      else if (type === 'response.reasoning_text.done') settle('full', index, asString(wire['text']) ?? '')
    },
    done(item) {
      settleAll('summary', item['summary'])
      settleAll('full', item['content'])
      finish(asString(item['encrypted_content']))
    },
    // A value of `output_item.added` may be partial and is never used (hazard H109).
    close: () => finish(undefined),
  }
}

// ── Calls ─────────────────────────────────────────────────────────────────────────────────────────

export function callReader(answer: Answer, kind: 'function' | 'custom'): ItemReader {
  const member = kind === 'function' ? 'arguments' : 'input'
  const prefix = kind === 'function' ? 'response.function_call_arguments' : 'response.custom_tool_call_input'
  let head: { block: number } | undefined
  let told = ''
  let waiting = ''
  let closed = false

  const start = (item: JsonObject): void => {
    const name = asString(item['name'])
    if (head !== undefined || name === undefined || name === '') return
    const namespace = asString(item['namespace'])
    head = { block: answer.nextBlock() }
    answer.sawCall()
    answer.emit({
      type: 'tool-call-start',
      choice: 0,
      block: head.block,
      id: asString(item['call_id']) || asString(item['id']) || answer.freshId('call_'),
      name: answer.neutralName(name, namespace),
      kind,
      ...(namespace !== undefined && { extensions: { [FORMAT]: { namespace: { name: namespace }, localName: name } } }),
    })
    say(waiting)
    waiting = ''
  }
  const say = (text: string): void => {
    if (text === '' || closed) return
    if (head === undefined) {
      waiting += text
      return
    }
    told += text
    answer.emit({ type: 'tool-call-delta', choice: 0, block: head.block, text })
  }
  const close = (): void => {
    if (head === undefined || closed) return
    closed = true
    answer.emit({ type: 'tool-call-end', choice: 0, block: head.block })
  }

  return {
    event(type, wire) {
      if (type === 'response.output_item.added') start(asObject(wire['item']) ?? {})
      else if (type === `${prefix}.delta`) say(asString(wire['delta']) ?? '')
      else if (type === `${prefix}.done`) {
        // The done event repeats the name for upstreams whose `added` lacked it.
        start(wire)
        say(remainder(told + waiting, asString(wire[member]) ?? ''))
      }
    },
    done(item) {
      start(item)
      const whole = item[member]
      say(remainder(told + waiting, typeof whole === 'string' ? whole : whole === undefined || whole === null ? '' : JSON.stringify(whole)))
      close()
    },
    close,
  }
}

// ── Hosted tools and the rest ─────────────────────────────────────────────────────────────────────

/** Items that only make sense whole. */
export function wholeReader(answer: Answer): ItemReader {
  return { event: () => {}, done: (item) => tellWhole(answer, item), close: () => {} }
}

function tellWhole(answer: Answer, item: JsonObject): void {
  const action = asObject(item['action'])
  if (item['type'] === 'web_search_call' && (action === undefined || action['type'] === 'search' || action['type'] === undefined)) {
    return tellSearch(answer, item, action)
  }
  const image = item['type'] === 'image_generation_call' ? asString(item['result']) : undefined
  const event: ChatEvent = image
    ? {
        type: 'media',
        choice: 0,
        block: answer.nextBlock(),
        media: { type: 'image', source: { kind: 'base64', mediaType: `image/${asString(item['output_format']) ?? 'png'}`, data: image } },
      }
    : { type: 'opaque', choice: 0, block: answer.nextBlock(), format: FORMAT, wire: item }
  answer.emit(event)
}

/** A search is told when it is over: its words are not known before. */
function tellSearch(answer: Answer, item: JsonObject, action: JsonObject | undefined): void {
  answer.sawSearch()
  const id = asString(item['id']) || answer.freshId('ws_')
  const call = { choice: 0, block: answer.nextBlock() }
  answer.emit({ type: 'server-tool-start', id, name: 'web_search', ...call, extensions: { [FORMAT]: { item } } })
  answer.emit({ type: 'server-tool-delta', text: JSON.stringify({ query: searchQuery(action) }), ...call })
  answer.emit({ type: 'server-tool-end', ...call })
  const results = (asArray(action?.['sources']) ?? [])
    .map((source) => asString(asObject(source)?.['url']))
    .filter((url): url is string => url !== undefined)
    .map((url) => ({ url, title: hostOf(url) }))
  answer.emit({
    type: 'server-tool-result',
    choice: 0,
    block: answer.nextBlock(),
    result: {
      type: 'server-tool-result',
      callId: id,
      name: 'web_search',
      ...(item['status'] === 'failed' ? { errorCode: 'unavailable' } : { results }),
      extensions: { [FORMAT]: { item } },
    },
  })
}

const hostOf = (url: string): string => /^[a-z]+:\/\/([^/?#]+)/i.exec(url)?.[1] ?? url
