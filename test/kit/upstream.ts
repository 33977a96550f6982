// An upstream whose answers a test writes line by line, on a real socket. It keeps what it was sent.

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly text: string
  readonly json: Record<string, unknown>
}

/** What to answer: a whole body, or pieces with pauses. `cut` resets the connection instead of ending it. */
export interface Script {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | object
  /** A string is written; a number is a pause in milliseconds; `cut` breaks the connection off; `hang` waits for the client to go. */
  readonly pieces?: readonly (string | number | 'cut' | 'hang')[]
}

export interface ScriptedUpstream {
  readonly url: string
  readonly received: Received[]
  /** How many requests were aborted by the other side. */
  aborted(): number
  /** Sets the answers to come: one script serves all, a list is used up in order and its last one repeats. */
  answer(script: Script | readonly Script[] | ((request: Received) => Script)): void
  stop(): void
}

export function startUpstream(): ScriptedUpstream {
  const received: Received[] = []
  let next: (request: Received) => Script = () => ({ status: 500, body: 'no script' })
  let aborted = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const text = await request.text()
      const url = new URL(request.url)
      const entry: Received = {
        method: request.method,
        path: url.pathname + url.search,
        headers: request.headers,
        text,
        json: parsed(text),
      }
      received.push(entry)
      request.signal.addEventListener('abort', () => void aborted++)
      return respond(next(entry), request.signal)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    received,
    aborted: () => aborted,
    answer(script) {
      if (typeof script === 'function') next = script
      else if (Array.isArray(script)) {
        let index = 0
        const list = script as readonly Script[]
        next = () => list[Math.min(index++, list.length - 1)] as Script
      } else next = () => script as Script
    },
    stop: () => void server.stop(true),
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function respond(script: Script, signal: AbortSignal): Response {
  const { pieces, body } = script
  if (pieces === undefined) {
    const json = typeof body === 'object'
    return new Response(json ? JSON.stringify(body) : (body ?? ''), {
      status: script.status ?? 200,
      headers: { ...(json && { 'content-type': 'application/json' }), ...script.headers },
    })
  }
  const stream = new ReadableStream({
    type: 'direct',
    async pull(controller: ReadableStreamDirectController) {
      for (const piece of pieces) {
        if (signal.aborted) return
        if (piece === 'cut') throw new Error('cut on purpose')
        if (piece === 'hang') {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
          return
        }
        if (typeof piece === 'number') await Bun.sleep(piece)
        else {
          controller.write(piece)
          await controller.flush()
        }
      }
      controller.close()
    },
  } as unknown as UnderlyingDefaultSource)
  return new Response(stream, { status: script.status ?? 200, headers: { 'content-type': 'text/event-stream', ...script.headers } })
}
