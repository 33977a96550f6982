// The soak's upstream, over TLS: streams that end well, are reset midway, stall for ever, start late, or are refused.
// Arguments: certificate file, key file. Prints `{"port":…,"statsPort":…}`; `GET /` on the second port tells what is open.

import { MessageReader } from './http1.ts'
import { type Dialect, streamFrames } from './payloads.ts'

interface Connection {
  reader: MessageReader
  path: string
  waiting: Buffer[]
  /** Number of the request that is being answered; 0 between requests. */
  current: number
}
type Peer = Bun.Socket<Connection>

const [certificate = '', key = ''] = process.argv.slice(2)
const stats = { open: 0, started: 0, completed: 0, reset: 0, stalled: 0, refused: 0, left: 0 }
const EVENTS = 120
const frames = { openai: streamFrames('openai', EVENTS), anthropic: streamFrames('anthropic', EVENTS) }
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const between = (low: number, high: number): number => low + Math.floor(Math.random() * (high - low))

function write(socket: Peer, text: string | Buffer): void {
  const bytes = Buffer.from(text)
  if (socket.data.waiting.length > 0) socket.data.waiting.push(bytes)
  else {
    const written = Math.max(0, socket.write(bytes))
    if (written < bytes.length) socket.data.waiting.push(bytes.subarray(written))
  }
}

async function answer(socket: Peer, dialect: Dialect): Promise<void> {
  const mine = ++stats.started
  stats.open++
  socket.data.current = mine
  const gone = (): boolean => socket.data.current !== mine
  const finish = (): void => {
    socket.data.current = 0
    stats.open--
  }
  const fate = Math.random()
  if (fate < 0.05) {
    stats.refused++
    finish()
    write(
      socket,
      'HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\ncontent-length: 28\r\n\r\n{"error":{"message":"soak"}}',
    )
    return
  }
  if (fate < 0.1) await Bun.sleep(between(100, 600))
  if (gone()) return
  const { head, deltas, tail } = frames[dialect]
  write(socket, HEAD + head.map(chunk).join(''))
  const events = between(20, EVENTS)
  const resetAt = fate > 0.8 && fate < 0.9 ? between(0, events) : -1
  const stallAt = fate >= 0.9 ? between(0, events) : -1
  for (let index = 0; index < events; index++) {
    if (index === resetAt) {
      stats.reset++
      socket.terminate()
      return
    }
    if (index === stallAt) {
      // Silent from here on: `close` counts it when the other side has had enough.
      stats.stalled++
      return
    }
    write(socket, chunk(deltas[index] ?? ''))
    if (index % 3 === 0) await Bun.sleep(between(1, 20))
    if (gone()) return
  }
  write(socket, `${tail.map(chunk).join('')}0\r\n\r\n`)
  stats.completed++
  finish()
}

const listener = Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: 0,
  tls: { cert: Bun.file(certificate), key: Bun.file(key) },
  socket: {
    open(socket) {
      const reader = new MessageReader(
        {
          onHead: (text) => {
            socket.data.path = text.split(' ', 2)[1] ?? '/'
          },
          onBody: () => {},
          onEnd: () => void answer(socket, socket.data.path.includes('/messages') ? 'anthropic' : 'openai'),
        },
        'request',
      )
      socket.data = { reader, path: '/', waiting: [], current: 0 }
    },
    data: (socket, bytes) => socket.data.reader.push(bytes),
    drain(socket) {
      const pending = socket.data.waiting.splice(0)
      for (const bytes of pending) write(socket, bytes)
    },
    close({ data }) {
      if (data === undefined || data.current === 0) return
      data.current = 0
      stats.open--
      stats.left++
    },
    error: () => {},
  },
})
const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json(stats) })
console.log(JSON.stringify({ port: listener.port, statsPort: server.port }))
