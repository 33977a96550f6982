// Carries an open stream to the client: each read waits for the client's write, silence is bridged, a
// vanished client stops the upstream, and the outcome is recorded before the last byte.

import { GatewayError } from '../core/errors.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway, Sink, StreamAnswer } from './call.ts'
import { enframer } from './enframe.ts'
import { finish } from './finish.ts'
import { pulse } from './heartbeat.ts'
import { Keeping } from './kept.ts'
import type { OpenStream } from './piece.ts'

/**
 * The answer to a streaming client. `opening` may still be under way: then heartbeats go out until it
 * settles, and its failure becomes an in-stream error.
 */
export function streamAnswer(admitted: Admitted, gateway: Gateway, opening: OpenStream | Promise<OpenStream>): StreamAnswer {
  const out = enframer(admitted.peek.framing, admitted.call.format)
  return {
    kind: 'stream',
    headers: {
      'content-type': out.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
    pump: (sink) => pump(admitted, gateway, { sink, opening, heartbeat: out.heartbeat }),
  }
}

/** A search is silent by nature, and its clients show that something goes on. */
const SEARCH_HEARTBEAT_MS = 3_000

interface Relay {
  readonly sink: Sink
  readonly opening: OpenStream | Promise<OpenStream>
  readonly heartbeat: string
}

async function pump(admitted: Admitted, gateway: Gateway, { sink, opening, heartbeat }: Relay): Promise<void> {
  const { call, gone, record } = admitted
  let writing = false
  const { heartbeatMs } = gateway.settings
  const life = pulse(admitted.peek.serverTools.length > 0 ? Math.min(heartbeatMs, SEARCH_HEARTBEAT_MS) : heartbeatMs, () => {
    // A client that does not read needs no sign of life, and its buffer must not grow.
    if (writing || gone.aborted) return
    try {
      void sink.write(heartbeat)?.catch(() => {})
    } catch {
      // The connection is gone; the abort signal tells the pump.
    }
  })
  const keeping = record.policy === 'finish' ? new Keeping() : undefined
  let stream: OpenStream | undefined
  const abandon = (): void => stream?.cancel()
  call.signal.addEventListener('abort', abandon)
  // Nobody takes what was written to a client that has gone.
  let leave = (): void => {}
  gone.addEventListener('abort', () => leave(), { once: true })
  try {
    stream = await opening
    record.firstContentMs = gateway.nowMs() - record.startedMs
    for (;;) {
      const piece = await stream.next()
      if (call.signal.aborted) throw new GatewayError('client_closed')
      keeping?.take(piece.bytes)
      if (piece.last) {
        if (gone.aborted && piece.error === undefined) record.kept = keeping?.answer(admitted, gateway)
        const durable = finish(record, gateway, piece.error)
        if (durable !== undefined) await durable
        if (piece.bytes.length > 0 && !gone.aborted) await sink.write(piece.bytes)
        return
      }
      if (piece.bytes.length === 0 || gone.aborted) continue
      const written = sink.write(piece.bytes)
      life.beat()
      if (written !== undefined) {
        writing = true
        await new Promise<void>((resolve, reject) => {
          leave = resolve
          written.then(resolve, reject)
        })
        writing = false
      }
    }
  } catch (thrown) {
    const error = call.signal.aborted ? new GatewayError('client_closed') : GatewayError.from(thrown)
    const durable = finish(record, gateway, error)
    if (durable !== undefined)
      await durable.catch((cause: unknown) => gateway.log('error', 'a bill could not be closed', { id: record.id, cause }))
    if (gone.aborted) return
    const late = enframer(admitted.peek.framing, call.format)
    await sink.write(late.frame(call.format.encodeErrorFrame(error, record.id)) + late.end())
  } finally {
    life.stop()
    call.signal.removeEventListener('abort', abandon)
    stream?.cancel()
  }
}
