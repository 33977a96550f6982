// The mock upstream of the bench, a process of its own: OpenAI chat and Anthropic messages, whole and streamed, rendered
// beforehand and written to raw sockets, so that it costs next to nothing. The path says what to answer, the body is
// skipped: `/unary/…`, `/stream-<events>-<pause in ms>/…`; `/counted` says how many answers Switchyard got. Prints
// `{"port":…}` when it listens.

import type { Socket } from 'bun'
import { MessageReader } from './http1.ts'
import { type Dialect, streamFrames, unaryAnswer } from './payloads.ts'

interface Connection {
  reader: MessageReader
  path: string
  /** Bytes the kernel would not take yet. */
  waiting: Buffer[]
  stream?: ActiveStream
}

interface ActiveStream {
  socket: Socket<Connection>
  pieces: Buffer[]
  next: number
}

const unary = new Map<Dialect, Buffer>()
const streams = new Map<string, Buffer[]>()

function unaryBytes(dialect: Dialect): Buffer {
  let bytes = unary.get(dialect)
  if (bytes === undefined) {
    const body = unaryAnswer(dialect)
    bytes = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    unary.set(dialect, bytes)
  }
  return bytes
}

/** Each piece is written on one tick: the first with the response's head, one delta each, the ending. */
function streamPieces(dialect: Dialect, events: number): Buffer[] {
  const key = `${dialect} ${events}`
  let pieces = streams.get(key)
  if (pieces === undefined) {
    const { head, deltas, tail } = streamFrames(dialect, events)
    const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
    const start = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'
    pieces = [start + head.map(chunk).join(''), ...deltas.map(chunk), `${tail.map(chunk).join('')}0\r\n\r\n`].map((text) =>
      Buffer.from(text),
    )
    streams.set(key, pieces)
  }
  return pieces
}

function write(socket: Socket<Connection>, bytes: Buffer): void {
  const { waiting } = socket.data
  if (waiting.length > 0) {
    waiting.push(bytes)
    return
  }
  const written = Math.max(0, socket.write(bytes))
  if (written < bytes.length) waiting.push(bytes.subarray(written))
}

// Streams of one pause share one clock, spread over its milliseconds, so that their events do not come in bursts.
const wheels = new Map<number, Set<ActiveStream>[]>()
let nextSlot = 0

function schedule(stream: ActiveStream, pauseMs: number): void {
  let slots = wheels.get(pauseMs)
  if (slots === undefined) {
    const made = Array.from({ length: pauseMs }, () => new Set<ActiveStream>())
    wheels.set(pauseMs, made)
    slots = made
    let turned = Math.floor(performance.now())
    setInterval(() => {
      // A late timer catches up, or the rate would depend on the machine's load.
      for (const now = Math.floor(performance.now()); turned < now; turned++) turn(made[turned % pauseMs] ?? new Set())
    }, 1)
  }
  slots[nextSlot++ % pauseMs]?.add(stream)
}

function turn(slot: Set<ActiveStream>): void {
  for (const stream of [...slot]) {
    const piece = stream.pieces[stream.next++]
    if (piece === undefined || stream.socket.data.stream !== stream) slot.delete(stream)
    else write(stream.socket, piece)
  }
}

/** What Switchyard sends and nobody else. */
export const CREDENTIAL = 'sk-of-switchyard'
export const COUNTER_PATH = '/counted'
let answers = 0

function answer(socket: Socket<Connection>): void {
  const { path } = socket.data
  if (path === COUNTER_PATH) {
    const body = JSON.stringify({ answers })
    write(socket, Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`))
    return
  }
  const dialect: Dialect = path.endsWith('/messages') ? 'anthropic' : 'openai'
  const streamed = /^\/stream-(\d+)-(\d+)\//.exec(path)
  if (streamed === null) {
    write(socket, unaryBytes(dialect))
    return
  }
  const pieces = streamPieces(dialect, Number(streamed[1]))
  const pauseMs = Number(streamed[2])
  if (pauseMs === 0) {
    for (const piece of pieces) write(socket, piece)
    return
  }
  write(socket, pieces[0] ?? Buffer.alloc(0))
  const stream: ActiveStream = { socket, pieces, next: 1 }
  socket.data.stream = stream
  schedule(stream, pauseMs)
}

if (import.meta.main) listen()

function listen(): void {
  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port: Number(process.argv[2] ?? 0),
    socket: {
      open(socket) {
        const reader = new MessageReader(
          {
            onHead: (head) => {
              socket.data.path = (head.slice(0, head.indexOf('\r\n')).split(' ')[1] ?? '/').replace(/\?.*/, '')
              if (head.includes(CREDENTIAL)) answers++
            },
            onBody: () => {},
            onEnd: () => answer(socket),
          },
          'request',
        )
        socket.data = { reader, path: '/', waiting: [] }
        socket.setNoDelay(true)
      },
      data: (socket, bytes) => socket.data.reader.push(bytes),
      drain(socket) {
        const pending = socket.data.waiting.splice(0)
        for (const bytes of pending) write(socket, bytes)
      },
      close(socket) {
        delete socket.data.stream
      },
      error: () => {},
    },
  })
  console.log(JSON.stringify({ port: listener.port }))
}
