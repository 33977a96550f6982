// What the acceptance tests of web search share: the program with scripted models behind it, a test for each upstream
// format in both answering modes, and the requests of a client. Answers are read in `web-answers.ts`.

import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { fixtureDocuments } from '../../src/search/index.ts'
import { type ScriptedModel, startModel, type WireFormat } from './scripted-model.ts'
import { type Running, startSwitchyard } from './switchyard.ts'
import { type Answer, type Heard, readAnswer } from './web-answers.ts'

export type { Asked, Piece, Turn } from './scripted-model.ts'
export * from './web-answers.ts'

export type Mode = 'unary' | 'stream'

/** The name under which a client asks for the model of each upstream format. */
export const MODEL: Readonly<Record<WireFormat, string>> = {
  chat: 'm-chat',
  gemini: 'gemini-2.5-flash',
  messages: 'claude-sonnet-4-5',
  responses: 'm-responses',
}

export const SECRET = 'one:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

export interface WorldOptions {
  /** Further entries of `channels`, given the models' address. */
  readonly channels?: (url: string) => string
  /** Lines of the file behind the channels. */
  readonly config?: string | (() => string)
  readonly environment?: Readonly<Record<string, string>>
}

export const FIXTURE = 'search: [{ name: fixture, backend: fixture }]\n'

const channels = (url: string): string => `
local_servers: false
log: { level: debug }
channels:
  - { name: chat, provider: openai-compatible, base_url: "${url}/v1", credential: sk-up, models: [m-chat] }
  - { name: gemini, provider: gemini, base_url: "${url}", credential: sk-up, models: [gemini-2.5-flash] }
  - { name: messages, provider: anthropic, base_url: "${url}", credential: sk-up, models: [claude-sonnet-4-5] }
  - { name: responses, provider: openai, base_url: "${url}/v1", credential: sk-up, models: [m-responses], formats: [openai-responses] }
`

/** The running program and its scripted models. */
export class World {
  running: Running | undefined
  model: ScriptedModel = startModel()

  get url(): string {
    return (this.running as Running).url
  }
  get key(): string {
    return (this.running as Running).key
  }

  async start(options: WorldOptions): Promise<void> {
    const more = typeof options.config === 'function' ? options.config() : (options.config ?? FIXTURE)
    this.running = await startSwitchyard({
      config: channels(this.model.upstream.url) + (options.channels?.(this.model.upstream.url) ?? '') + more,
      environment: { SWITCHYARD_SECRET: SECRET, ...options.environment },
    })
  }

  async stop(): Promise<void> {
    await this.running?.stop()
    this.model.upstream.stop()
  }

  /** Posts a body and reads the answer, streamed or whole. */
  async post(path: string, body: object, options: { signal?: AbortSignal; heard?: (heard: Heard) => void } = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(options.signal && { signal: options.signal }),
    })
    return readAnswer(response, options.heard)
  }
}

/** One run of a statement: against which upstream format, and whether the client streams. */
export class Case {
  readonly world: World
  readonly upstream: WireFormat
  readonly mode: Mode

  constructor(world: World, upstream: WireFormat, mode: Mode) {
    this.world = world
    this.upstream = upstream
    this.mode = mode
  }

  get stream(): boolean {
    return this.mode === 'stream'
  }
  get model(): string {
    return MODEL[this.upstream]
  }

  say: ScriptedModel['say'] = (...turns) => this.world.model.say(...turns)
  asked = (): ReturnType<ScriptedModel['asked']> => this.world.model.asked()

  /** A Messages request: what is not given is the usual search question. */
  messages(body: object, options: { signal?: AbortSignal; heard?: (heard: Heard) => void } = {}): Promise<Answer> {
    return this.world.post('/v1/messages', { ...this.usual(), ...body }, options)
  }
  usual(): { model: string; max_tokens: number; stream: boolean; messages: object[]; tools: object[] } {
    return { model: this.model, max_tokens: 1024, stream: this.stream, messages: [QUESTION], tools: [SEARCH] }
  }
  responses(body: object): Promise<Answer> {
    return this.world.post('/v1/responses', {
      ...{ model: this.model, stream: this.stream, input: QUESTION.content, tools: [{ type: 'web_search' }] },
      ...body,
    })
  }
  chat(body: object): Promise<Answer> {
    return this.world.post('/v1/chat/completions', {
      ...{ model: this.model, stream: this.stream, messages: [QUESTION], web_search_options: {} },
      ...body,
    })
  }
  gemini(body: object): Promise<Answer> {
    const method = this.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
    return this.world.post(`/v1beta/models/${this.model}:${method}`, {
      ...{ contents: [{ role: 'user', parts: [{ text: QUESTION.content }] }], tools: [{ googleSearch: {} }] },
      ...body,
    })
  }
}

export const QUESTION = { role: 'user', content: 'How do I update a web app to TypeScript 5.5?' } as const
export const SEARCH = { type: 'web_search_20250305', name: 'web_search' } as const
export const FETCH = { type: 'web_fetch_20250910', name: 'web_fetch' } as const
export const QUERY = 'update web app TypeScript 5.5'
export const WEATHER = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} as const

type Run = (it: Case) => Promise<void>
interface Variants {
  readonly upstreams?: readonly WireFormat[]
  readonly modes?: readonly Mode[]
}

const BOTH: readonly WireFormat[] = ['chat', 'gemini', 'responses']
const MODES: readonly Mode[] = ['unary', 'stream']

export interface Suite {
  readonly world: World
  /** Declares the tests of one statement of the acceptance list: every upstream format in both modes. */
  statement(number: number, title: string, run: Run, variants?: Variants): void
}

/** Starts the program before the file's tests and ends it behind them. */
export function webSuite(options: WorldOptions = {}): Suite {
  const world = new World()
  beforeAll(() => world.start(options))
  afterAll(() => world.stop())
  afterEach(() => expect(world.model.wrongs()).toEqual([]))
  return {
    world,
    statement(number, title, run, { upstreams = BOTH, modes = MODES } = {}) {
      for (const upstream of upstreams) {
        for (const mode of modes) test(`${number}. ${title} [${upstream}, ${mode}]`, () => run(new Case(world, upstream, mode)))
      }
    },
  }
}

/** The whole text of a page of the sample corpus. */
export function corpusText(url: string): string {
  const found = fixtureDocuments.find((document) => document.url === url || new URL(document.url).href === url)
  if (found === undefined) throw new Error(`${url} is no page of the sample corpus`)
  return found.text
}

let count = 0
/** A query that no other test asked, so that no kept answer is used. */
export const fresh = (query: string): string => `${query} number${++count}x`
