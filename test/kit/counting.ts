// An upstream that counts how many of its requests run at the same time, and answers when it is told to or after a while.
// It speaks Chat Completions and, under `/messages`, Messages.

import { chat, messages } from './wires.ts'

export interface CountingUpstream {
  readonly url: string
  asked(): number
  running(): number
  /** The most that ever ran at the same time. */
  most(): number
  /** Lets the answers go, those to come too. */
  release(): void
  stop(): void
}

/** @param holdMs how long an answer takes. Absent: until it is released. */
export function countingUpstream(holdMs?: number): CountingUpstream {
  let asked = 0
  let running = 0
  let most = 0
  const released = Promise.withResolvers<void>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { stream } = (await request.json()) as { stream?: boolean }
      asked++
      running++
      most = Math.max(most, running)
      const held = holdMs === undefined ? released.promise : Bun.sleep(holdMs + (asked % 5) * 3)
      const gone = new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()))
      if (stream !== true) {
        await Promise.race([held, gone])
        running--
        return Response.json(request.url.endsWith('/messages') ? messages.body('counted') : chat.body('counted'))
      }
      const body = new ReadableStream({
        type: 'direct',
        async pull(controller: ReadableStreamDirectController) {
          controller.write(chat.role + chat.text('counted'))
          await controller.flush()
          await Promise.race([held, gone])
          running--
          if (request.signal.aborted) return
          controller.write(chat.finish('stop') + chat.usage + chat.done)
          controller.close()
        },
      } as unknown as UnderlyingDefaultSource)
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked: () => asked,
    running: () => running,
    most: () => most,
    release: () => released.resolve(),
    stop: () => void server.stop(true),
  }
}
