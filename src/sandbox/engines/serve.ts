// The sandbox on a port. The only file of this room that names the runtime.

import { type SandboxOptions, sandboxHandler } from '../handler.ts'

export interface ServeOptions extends SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number
  readonly hostname?: string
}

export interface ServedSandbox {
  readonly url: string
  readonly port: number
  /** Ends it; open streams are cut. */
  stop(): Promise<void>
}

/** Listens as the three vendors would: some key must be present and restrictions of single models hold. */
export function serveSandbox({ port, hostname = '127.0.0.1', ...options }: ServeOptions): ServedSandbox {
  const handler = sandboxHandler({ requireKey: true, modelRules: true, ...options })
  const server = Bun.serve({
    port,
    hostname,
    // Else every deliberate cut is printed as an error page and on the console.
    development: false,
    // Seconds; silence is one of the behaviours.
    idleTimeout: 0,
    async fetch(request) {
      try {
        return await handler(request)
      } catch (cause) {
        // Nobody reads it: the client has gone.
        if (request.signal.aborted) return new Response(null, { status: 499 })
        throw cause
      }
    },
  })
  return { url: `http://${hostname}:${server.port}`, port: server.port ?? port, stop: () => server.stop(true) }
}
