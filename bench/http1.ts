// Reads HTTP/1.1 messages off a raw socket for the mock upstream and the load: just enough, and cheap, so that the
// machine's time goes to what is measured. Not a general parser: no trailers, no upgrade.

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

export interface MessageHandler {
  /** Start line and headers, names as sent. */
  onHead(head: string): void
  /** A piece of the body, framing removed. The bytes are only valid during the call. */
  onBody(bytes: Buffer): void
  onEnd(): void
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-gap' | 'trailer' | 'until-close'

export class MessageReader {
  #state: State = 'head'
  #rest: Buffer = Buffer.alloc(0)
  #left = 0

  constructor(
    private readonly handler: MessageHandler,
    /** A response without a length runs until its connection ends; a request without one has no body. */
    private readonly side: 'request' | 'response',
  ) {}

  push(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    this.#rest = Buffer.alloc(0)
    while (data.length > 0) {
      const used = this.#step(data)
      if (used === 0) {
        // Sockets reuse their buffer.
        this.#rest = Buffer.from(data)
        return
      }
      data = data.subarray(used)
    }
  }

  /** The connection ended: true when that ends a message rather than cutting one. */
  close(): boolean {
    if (this.#state === 'until-close') {
      this.#finish()
      return true
    }
    return this.#state === 'head' && this.#rest.length === 0
  }

  #step(data: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#head(data)
      case 'length':
      case 'chunk-data':
        return this.#content(data)
      case 'until-close':
        this.handler.onBody(data)
        return data.length
      default:
        return this.#line(data)
    }
  }

  #head(data: Buffer): number {
    const end = data.indexOf(HEAD_END)
    if (end === -1) return 0
    const head = data.toString('latin1', 0, end)
    this.handler.onHead(head)
    const length = /\r\ncontent-length:\s*(\d+)/i.exec(head)
    if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) this.#state = 'chunk-size'
    else if (length !== null) this.#expect(Number(length[1]))
    else if (this.side === 'request') this.#finish()
    else this.#state = 'until-close'
    return end + HEAD_END.length
  }

  #expect(bytes: number): void {
    this.#left = bytes
    if (bytes === 0) this.#finish()
    else this.#state = 'length'
  }

  #content(data: Buffer): number {
    const used = Math.min(this.#left, data.length)
    this.handler.onBody(data.subarray(0, used))
    this.#left -= used
    if (this.#left === 0) {
      if (this.#state === 'length') this.#finish()
      else this.#state = 'chunk-gap'
    }
    return used
  }

  #line(data: Buffer): number {
    const end = data.indexOf(LINE_END)
    if (end === -1) return 0
    if (this.#state === 'chunk-size') {
      this.#left = Number.parseInt(data.toString('latin1', 0, end), 16)
      this.#state = this.#left === 0 ? 'trailer' : 'chunk-data'
    } else if (this.#state === 'chunk-gap') this.#state = 'chunk-size'
    else if (end === 0) this.#finish()
    return end + LINE_END.length
  }

  #finish(): void {
    this.#state = 'head'
    this.handler.onEnd()
  }
}
