// A stream on its way from one format to another: events in, the client's frames out.

import { type ChatEvent, isContent } from '../core/chat-event.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import { asObject, type JsonValue, tryParseJson } from '../lib/json.ts'
import { splice } from '../lib/json-splice.ts'
import { dollarsText } from '../lib/money.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import type { Enframer } from './enframe.ts'
import type { EventSource } from './events.ts'
import { foreseenCharge } from './finish.ts'
import type { OpenStream, Piece } from './piece.ts'

interface TranslatingParts {
  readonly context: ChatContext
  readonly out: Enframer
  readonly gateway: Gateway
}

/** Encodes a source's events for the client, feeding the record as they go by. */
export function translating(admitted: Admitted, source: EventSource, parts: TranslatingParts): OpenStream {
  const { context, out, gateway } = parts
  const { call, record } = admitted
  const encode = call.format.encodeStream(context)
  let text = ''
  let error: GatewayError | undefined
  let last = false
  let finished = false
  const takeFrame = (frame: Frame): void => {
    text += out.frame(finished ? withCost(frame, admitted, gateway) : frame)
  }

  function take(event: ChatEvent): void {
    record.spoke ||= isContent(event)
    switch (event.type) {
      case 'finish':
        finished = true
        break
      case 'usage':
        record.addUsage(event.usage)
        break
      case 'error':
        error = event.error
        break
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta':
        record.text += event.text
        break
    }
    encode.push(event, takeFrame)
  }

  function batchText(batch: readonly ChatEvent[] | undefined): void {
    for (const event of batch ?? []) take(event)
    const final = batch?.at(-1)
    if (batch !== undefined && final?.type !== 'end' && final?.type !== 'error') return
    if (!last) encode.end(takeFrame)
    last = true
  }

  return {
    async next(): Promise<Piece> {
      text = ''
      const batch = await source.next()
      try {
        batchText(batch)
      } catch (thrown) {
        // An encoder may refuse midway (a drop in strict mode): it alone knows how an answer that has begun must fail.
        error = GatewayError.from(thrown)
        last = true
        source.cancel()
        encode.push({ type: 'error', error }, takeFrame)
      }
      return { bytes: last ? text + out.end() : text, last, ...(error && { error }) }
    },
    cancel: source.cancel,
  }
}

/** The frame that tells the whole usage tells its price too: the same that the bill comes to when the stream ends here. */
function withCost(frame: Frame, { call, record }: Admitted, gateway: Gateway): Frame {
  const { frameCostPath: path } = call.format
  if (path === undefined || !frame.data.includes('"usage":{')) return frame
  let usage: JsonValue | undefined = tryParseJson(frame.data)
  for (const key of path.slice(0, -1)) usage = asObject(usage)?.[key]
  const charge = asObject(usage) === undefined ? undefined : foreseenCharge(record, gateway)
  if (charge === undefined) return frame
  const { raw: _untouched, ...rest } = frame
  return { ...rest, data: splice(frame.data, [{ op: 'set', path, value: dollarsText(charge) }]) }
}
