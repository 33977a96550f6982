// The load, a process of its own: raw keep-alive sockets, a fixed number of requests at a fixed concurrency, each sent as
// soon as the one before it has ended. Takes one LoadSpec as JSON argument and prints one LoadReport.

import type { Socket } from 'bun'
import { MessageReader } from './http1.ts'
import { chatRequest } from './payloads.ts'

export interface LoadSpec {
  port: number
  path: string
  key: string
  model: string
  stream: boolean
  imageBytes?: number
  requests: number
  concurrency: number
}

export interface LoadReport {
  requests: number
  /** Answers that were not a 200, or a stream without its last frame. */
  errors: number
  firstError?: string
  seconds: number
  /** Milliseconds from the request's first byte to the answer's last one. */
  p50: number
  p99: number
  max: number
  /** Milliseconds to the first byte of the body. */
  firstByteP50: number
}

interface Connection {
  reader: MessageReader
  status: number
  /** End of the body, enough to see how it ended. */
  tail: string
  sentAt: number
  firstByteAt: number
  unsent: Buffer
}

const TAIL_LENGTH = 200

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export function runLoad(spec: LoadSpec): Promise<LoadReport> {
  const body = Buffer.from(chatRequest(spec.model, spec))
  const head = `POST ${spec.path} HTTP/1.1\r\nhost: 127.0.0.1:${spec.port}\r\nauthorization: Bearer ${spec.key}\r\ncontent-type: application/json\r\naccept: */*\r\nuser-agent: bench\r\ncontent-length: ${body.length}\r\n\r\n`
  const request = Buffer.concat([Buffer.from(head), body])
  const totals: number[] = []
  const firsts: number[] = []
  const startedAt = performance.now()
  let started = 0
  let errors = 0
  let firstError: string | undefined

  return new Promise((resolve) => {
    const report = (): void => {
      const sorted = totals.toSorted((a, b) => a - b)
      resolve({
        requests: totals.length,
        errors,
        ...(firstError !== undefined && { firstError }),
        seconds: (performance.now() - startedAt) / 1000,
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
        max: sorted.at(-1) ?? Number.NaN,
        firstByteP50: percentile(
          firsts.toSorted((a, b) => a - b),
          0.5,
        ),
      })
    }
    let open = 0
    const fail = (why: string): void => {
      errors++
      firstError ??= why
    }
    const flush = (socket: Socket<Connection>): void => {
      const { unsent } = socket.data
      if (unsent.length === 0) return
      const written = Math.max(0, socket.write(unsent))
      socket.data.unsent = unsent.subarray(written)
    }
    const send = (socket: Socket<Connection>): void => {
      if (started >= spec.requests) {
        socket.end()
        return
      }
      started++
      Object.assign(socket.data, { status: 0, tail: '', sentAt: performance.now(), firstByteAt: 0, unsent: request })
      flush(socket)
    }
    const finish = (socket: Socket<Connection>): void => {
      const { status, tail, sentAt, firstByteAt } = socket.data
      const now = performance.now()
      if (status !== 200) fail(`${status}: ${tail}`)
      else if (spec.stream && !/\[DONE\]|message_stop/.test(tail)) fail(`a stream ended with: ${tail}`)
      totals.push(now - sentAt)
      firsts.push(firstByteAt - sentAt)
      send(socket)
    }
    const connect = (): void => {
      open++
      const gone = (): void => {
        if (--open === 0) report()
      }
      Bun.connect<Connection>({
        hostname: '127.0.0.1',
        port: spec.port,
        socket: {
          open(socket) {
            const reader = new MessageReader(
              {
                onHead: (text) => {
                  socket.data.status = Number(text.slice(9, 12))
                },
                onBody: (bytes) => {
                  const { data } = socket
                  if (data.firstByteAt === 0) data.firstByteAt = performance.now()
                  data.tail = (data.tail + bytes.toString('latin1', Math.max(0, bytes.length - TAIL_LENGTH))).slice(-TAIL_LENGTH)
                },
                onEnd: () => finish(socket),
              },
              'response',
            )
            socket.data = { reader, status: 0, tail: '', sentAt: 0, firstByteAt: 0, unsent: Buffer.alloc(0) }
            socket.setNoDelay(true)
            send(socket)
          },
          data: (socket, bytes) => socket.data.reader.push(bytes),
          drain: flush,
          close(socket) {
            if (!socket.data.reader.close()) {
              fail(`cut: ${socket.data.tail}`)
              totals.push(performance.now() - socket.data.sentAt)
            }
            // A server may close between requests; the work goes on over a new connection.
            if (started < spec.requests) connect()
            gone()
          },
          error: () => {},
          connectError(_socket, error) {
            fail(String(error))
            started++
            if (started < spec.requests) setTimeout(connect, 5)
            gone()
          },
        },
      }).catch(() => {})
    }
    for (let i = 0; i < Math.min(spec.concurrency, spec.requests); i++) connect()
  })
}

if (import.meta.main) {
  console.log(JSON.stringify(await runLoad(JSON.parse(process.argv[2] ?? '{}') as LoadSpec)))
  process.exit(0)
}
