// What tests of money share: usage as a test counts it, its spelling on each wire, what it comes to by an arithmetic of our
// own (whole numbers, one rounding), and a program whose channels lead to one upstream that counts what it used.

import { adminOf, done } from './admin.ts'
import { readAsked } from './scripted-asked.ts'
import type { Piece, Turn, WireFormat } from './scripted-model.ts'
import { render } from './scripted-wires.ts'
import { type Running, startSwitchyard } from './switchyard.ts'
import { type Received, type Script, type ScriptedUpstream, startUpstream } from './upstream.ts'

/** Parts that do not overlap. */
export interface Spent {
  readonly fresh?: number
  readonly cached?: number
  readonly written?: number
  readonly written1h?: number
  readonly heard?: number
  readonly said?: number
  readonly thought?: number
  readonly spoken?: number
  readonly searches?: number
}

export const inputOf = ({ fresh = 0, cached = 0, written = 0, written1h = 0, heard = 0 }: Spent): number =>
  fresh + cached + written + written1h + heard
export const outputOf = ({ said = 0, thought = 0, spoken = 0 }: Spent): number => said + thought + spoken

// ── Prices ────────────────────────────────────────────────────────────────────────────────────────

/** Dollars as the file has them. */
export interface Rates {
  readonly [word: string]: string | undefined
}

const DIMENSION: Readonly<Record<keyof Spent, string>> = {
  fresh: 'input_per_million',
  cached: 'cached_input_per_million',
  written: 'cache_write_per_million',
  written1h: 'cache_write_1h_per_million',
  heard: 'audio_input_per_million',
  said: 'output_per_million',
  thought: 'reasoning_per_million',
  spoken: 'audio_output_per_million',
  searches: 'per_search',
}

const nanos = (dollars: string): bigint => {
  const [whole = '0', part = ''] = dollars.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'))
}

/** Nano-dollars, rounded half up once. @param factor numerator and denominator of a multiplier. */
export function owed(rates: Rates, spent: Spent, factor: readonly [bigint, bigint] = [1n, 1n]): bigint {
  let millionths = nanos(rates.per_request ?? '0') * 1_000_000n
  for (const [part, count] of Object.entries(spent) as [keyof Spent, number][]) {
    const rate = rates[DIMENSION[part]]
    if (rate === undefined) throw new Error(`no rate for ${part}`)
    millionths += BigInt(count) * nanos(rate) * (part === 'searches' ? 1_000_000n : 1n)
  }
  const divisor = 1_000_000n * factor[1]
  return (2n * millionths * factor[0] + divisor) / (2n * divisor)
}

/** A decimal text without exponent. */
export function dollars(amount: bigint): string {
  const text = amount.toString().padStart(10, '0')
  const part = text.slice(-9).replace(/0+$/, '')
  return text.slice(0, -9) + (part === '' ? '' : `.${part}`)
}

export const priceLine = (rates: Rates, names: Readonly<Record<string, string>>): string => `  - ${JSON.stringify({ ...names, ...rates })}`

// ── Wires ─────────────────────────────────────────────────────────────────────────────────────────

const SPELLED: Readonly<Record<WireFormat, (spent: Spent) => Record<string, unknown>>> = {
  chat: (spent) => ({
    prompt_tokens: inputOf(spent),
    completion_tokens: outputOf(spent),
    total_tokens: inputOf(spent) + outputOf(spent),
    prompt_tokens_details: {
      cached_tokens: spent.cached ?? 0,
      cache_write_tokens: spent.written ?? 0,
      ...(spent.heard !== undefined && { audio_tokens: spent.heard }),
    },
    completion_tokens_details: {
      reasoning_tokens: spent.thought ?? 0,
      ...(spent.spoken !== undefined && { audio_tokens: spent.spoken }),
    },
  }),
  messages: ({ fresh = 0, cached = 0, written = 0, written1h = 0, said = 0, thought = 0, searches }) => ({
    input_tokens: fresh,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written + written1h,
    cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: written1h },
    output_tokens: said + thought,
    output_tokens_details: { thinking_tokens: thought },
    ...(searches !== undefined && { server_tool_use: { web_search_requests: searches } }),
  }),
  gemini: (spent) => ({
    promptTokenCount: inputOf(spent),
    cachedContentTokenCount: spent.cached ?? 0,
    candidatesTokenCount: outputOf(spent) - (spent.thought ?? 0),
    thoughtsTokenCount: spent.thought ?? 0,
    totalTokenCount: inputOf(spent) + outputOf(spent),
    ...(spent.heard !== undefined && { promptTokensDetails: [{ modality: 'AUDIO', tokenCount: spent.heard }] }),
    ...(spent.spoken !== undefined && { candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: spent.spoken }] }),
  }),
  responses: (spent) => ({
    input_tokens: inputOf(spent),
    input_tokens_details: { cached_tokens: spent.cached ?? 0, cache_write_tokens: spent.written ?? 0 },
    output_tokens: outputOf(spent),
    output_tokens_details: { reasoning_tokens: spent.thought ?? 0 },
    total_tokens: inputOf(spent) + outputOf(spent),
  }),
}

/** A script with another usage in it, or with none: where the wire has one, however deep. */
function withUsage(script: Script, wire: WireFormat, spent: Spent | undefined): Script {
  const usage = spent === undefined ? undefined : SPELLED[wire](spent)
  const replaced = (value: unknown, within = ''): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
        if ((key !== 'usage' && key !== 'usageMetadata') || inner === null) return [[key, replaced(inner, key)]]
        // The first report of a Messages stream knows no output yet.
        return usage === undefined ? [] : [[key, within === 'message' ? { ...usage, output_tokens: 1 } : usage]]
      }),
    )
  }
  const reworded = (piece: string): string =>
    piece.replace(/^data: (\{.*)$/gm, (_, json: string) => `data: ${JSON.stringify(replaced(JSON.parse(json)))}`)
  const { pieces, body } = script
  if (pieces !== undefined)
    return {
      ...script,
      pieces: pieces.map((piece) =>
        typeof piece === 'string' && piece.startsWith('{')
          ? JSON.stringify(replaced(JSON.parse(piece)))
          : typeof piece === 'string'
            ? reworded(piece)
            : piece,
      ),
    }
  return { ...script, body: replaced(body) as object }
}

// ── The program ───────────────────────────────────────────────────────────────────────────────────

/** The model of each wire. */
export const MODEL_OF = { chat: 'm-chat', messages: 'm-messages', gemini: 'm-gemini', responses: 'm-responses' } as const

/** `cuts`: the connection breaks where the turn would hang. */
interface Said {
  readonly spent: Spent | undefined
  readonly turn?: Turn | readonly Piece[]
  readonly cuts?: boolean
}

export interface Bank {
  readonly running: Running
  /** Starts a second node of the same settings. */
  another(): Promise<Running>
  readonly upstream: ScriptedUpstream
  /** What the upstream says from now on, and what it counts for it. `undefined`: it reports nothing. */
  says(spent: Spent | undefined, turn?: Turn | readonly Piece[]): void
  /** As `says`, told by what is asked. */
  script(answer: (received: Received, round: number) => Said): void
  /** `GET /v1/requests/{id}`. */
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects.
  receipt(id: string | null, key?: string): Promise<any>
  stop(): Promise<void>
}

export interface BankOptions {
  /** Lines under `prices`. */
  readonly prices: readonly string[]
  /** Further lines under `channels`; UPSTREAM stands for the address. */
  readonly channels?: readonly string[]
  /** Other top-level lines. */
  readonly config?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** A data directory to keep. */
  readonly dataDirectory?: string
}

const WORDS: readonly Piece[] = ['some ', 'words']

export async function openBank({ prices, channels = [], config = [], ...options }: BankOptions): Promise<Bank> {
  const upstream = startUpstream()
  const channel = (name: WireFormat, provider: string, more: string): string =>
    `  - { name: ${name}, provider: ${provider}, credential: sk-up, models: [${MODEL_OF[name]}], ${more} }`
  const settings = {
    ...options,
    config: [
      'local_servers: false',
      'channels:',
      channel('chat', 'openai-compatible', `base_url: "${upstream.url}/v1"`),
      channel('messages', 'anthropic', `base_url: "${upstream.url}"`),
      channel('gemini', 'gemini', `base_url: "${upstream.url}"`),
      channel('responses', 'openai', `base_url: "${upstream.url}/v1", formats: [openai-responses]`),
      ...channels.map((line) => line.replaceAll('UPSTREAM', upstream.url)),
      'prices:',
      ...prices,
      ...config,
    ].join('\n'),
  }
  const running = await startSwitchyard(settings)
  const script: Bank['script'] = (answer) => {
    let round = 0
    upstream.answer((received) => {
      const { spent, turn = WORDS, cuts = false } = answer(received, round)
      const asked = readAsked(received)
      const rendered = render('pieces' in turn || 'status' in turn ? (turn as Turn) : { pieces: turn as readonly Piece[] }, asked, round++)
      const script = withUsage(rendered, asked.format, spent)
      const { pieces } = script
      return cuts && pieces !== undefined
        ? { ...script, pieces: pieces.flatMap((piece) => (piece === 'hang' ? [20, 'cut' as const] : [piece])) }
        : script
    })
  }
  return {
    running,
    another: () => startSwitchyard(settings),
    upstream,
    script,
    says: (spent, turn) => script(() => ({ spent, ...(turn !== undefined && { turn }) })),
    async receipt(id, key = running.key) {
      const response = await fetch(`${running.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${key}` } })
      return response.json()
    },
    async stop() {
      await running.stop()
      upstream.stop()
    },
  }
}

export interface Payer {
  readonly organisation: string
  readonly key: string
  /** Nano-dollars. */
  balance(): Promise<bigint>
}

/** A customer with credit of their own. @param group members of a group, as the admin API has them. */
export async function payer(running: Running, credit: string, group: object = {}): Promise<Payer> {
  const admin = adminOf(running)
  const name = `payer-${Bun.randomUUIDv7()}`
  const { id: groupId } = await done(admin('POST', '/admin/groups', { name, ...group }))
  const { id: organisation } = await done(admin('POST', '/admin/organisations', { name, billing: 'prepaid', group_id: groupId }))
  const { id: project } = await done(admin('POST', '/admin/projects', { name, organisation_id: organisation }))
  const { key } = await done(admin('POST', '/admin/keys', { name, project_id: project }))
  await done(admin('POST', '/admin/ledger/top-up', { organisation_id: organisation, amount: credit, idempotency_key: 'first' }))
  return { organisation, key, balance: async () => nanos((await done(admin('GET', `/admin/ledger/${organisation}`))).balance) }
}
