// The soak's clients, a process of their own: each opens a connection, streams, and with some chance leaves at a random
// moment (before the headers too), reads slowly, or stays to the end. Argument: one SoakSpec. Prints a JSON line of
// counters each second; ends on SIGTERM after its last stream.

import { MessageReader } from './http1.ts'
import { chatRequest } from './payloads.ts'

export interface SoakSpec {
  port: number
  key: string
  models: string[]
  clients: number
}

export interface SoakCounters {
  open: number
  finished: number
  left: number
  /** Ended by the other side with an error or a cut. */
  broken: number
}

const spec = JSON.parse(process.argv[2] ?? '{}') as SoakSpec
const counters: SoakCounters = { open: 0, finished: 0, left: 0, broken: 0 }
let running = true
// Longer than any stream of the upstream, so that only stalls are given up.
const PATIENCE_MS = 4_000

function once(model: string): Promise<void> {
  const body = Buffer.from(chatRequest(model, { stream: true }))
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${spec.key}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
  const leavesAfterMs = Math.random() < 0.35 ? Math.random() * 800 : PATIENCE_MS
  return new Promise((resolve) => {
    let done = false
    let tail = ''
    counters.open++
    const settle = (how: 'finished' | 'left' | 'broken'): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      counters.open--
      counters[how]++
      resolve()
    }
    let leave = (): void => settle('left')
    const timer = setTimeout(() => leave(), leavesAfterMs)
    const ended = (): void => settle(tail.includes('[DONE]') && !tail.includes('"error"') ? 'finished' : 'broken')
    Bun.connect<{ reader: MessageReader }>({
      hostname: '127.0.0.1',
      port: spec.port,
      socket: {
        open(socket) {
          const reader = new MessageReader(
            {
              onHead: () => {},
              onBody: (bytes) => {
                tail = (tail + bytes.toString('latin1')).slice(-300)
                if (Math.random() < 0.01) {
                  socket.pause()
                  setTimeout(() => socket.resume(), 100)
                }
              },
              onEnd: () => {
                ended()
                socket.end()
              },
            },
            'response',
          )
          socket.data = { reader }
          leave = () => {
            settle('left')
            // Half leave politely, half are simply gone.
            if (Math.random() < 0.5) socket.end()
            else socket.terminate()
          }
          socket.write(Buffer.concat([Buffer.from(head), body]))
        },
        data: (socket, bytes) => socket.data.reader.push(bytes),
        close: () => ended(),
        error: () => settle('broken'),
        connectError: () => settle('broken'),
      },
    }).catch(() => settle('broken'))
  })
}

async function client(index: number): Promise<void> {
  for (let turn = index; running; turn++) await once(spec.models[turn % spec.models.length] ?? '')
}

setInterval(() => console.log(JSON.stringify(counters)), 1_000)
process.on('SIGTERM', () => {
  running = false
})
await Promise.all(Array.from({ length: spec.clients }, (_, index) => client(index)))
console.log(JSON.stringify(counters))
process.exit(0)
