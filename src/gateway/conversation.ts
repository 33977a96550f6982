// The upstream's side of an exchange with hosted tools: what it is asked in each round, and the tools run for it. The
// client's side of the story, one message from several answers, stands in `rounds.ts`.

import { createHmac, randomBytes } from 'node:crypto'
import type { Block, ChatRequest, Citation, Message, ServerToolCallBlock, Tool, ToolResultBlock } from '../core/chat.ts'
import { asObject } from '../lib/json.ts'
import type { Candidate } from '../routing/index.ts'
import {
  citationsFor,
  claudeSearchResults,
  errorResultBlock,
  type FetchOutcome,
  fetchFunction,
  fetchResultBlock,
  functionNames,
  type KnownUrls,
  knownUrls,
  type RenderContext,
  type Replayed,
  renderError,
  renderPage,
  renderSearch,
  replayHistory,
  resultMessage,
  rewriteClaudeCitation,
  type SealContext,
  type SearchOutcome,
  SourceList,
  searchFunction,
  searchResultBlock,
  systemText,
  type WebTools as WebDeclarations,
  withPending,
} from '../tools/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import type { Answered, CitingStyle, HostedCall, HostedName, HostedOutcome, Turn } from './turn.ts'

interface Work {
  readonly id: string
  readonly name: HostedName
  readonly input: unknown
  readonly after: Promise<unknown>
}

/** Fresh delimiters that no page can guess, the same for all turns of a conversation, so that prompt caches hold. */
const BOUNDARY_KEY = randomBytes(32)

export class Conversation implements Turn {
  readonly sources = new SourceList()
  readonly names: { readonly search: string; readonly fetch: string }
  readonly citing: CitingStyle
  readonly pending: readonly HostedCall[]
  readonly counts = { webSearches: 0, webFetches: 0 }
  readonly #parts: { admitted: Admitted; candidate: Candidate; gateway: Gateway }
  readonly #tools: WebDeclarations
  readonly #request: ChatRequest
  readonly #replayed: Replayed
  readonly #seal: SealContext
  readonly #render: RenderContext
  readonly #known: KnownUrls | undefined
  readonly #signal: AbortSignal
  readonly #used = { web_search: 0, web_fetch: 0 }
  readonly #exhausted = { web_search: false, web_fetch: false }
  #messages: Message[] | undefined
  #documents: number
  /** Settles with the call started last: calls run side by side, their sources are numbered in order. */
  #latest: Promise<unknown> = Promise.resolve()

  /** @throws GatewayError 400 for damaged seals and for open calls that cannot be carried on. */
  constructor(tools: WebDeclarations, parts: { admitted: Admitted; candidate: Candidate; gateway: Gateway }, signal: AbortSignal) {
    const { admitted, candidate, gateway } = parts
    const request = admitted.request()
    this.#parts = parts
    this.#tools = tools
    this.#request = request
    this.#signal = signal
    this.#seal = gateway.web.seal(admitted.caller.organisationId)
    this.names = functionNames(request)
    this.citing = citingStyle(request, candidate)
    this.#render = { boundary: boundaryOf(request), nowMs: this.#seal.nowMs, markers: this.citing === 'markers' }
    this.#replayed = replayHistory(request.messages, {
      ...this.#seal,
      ...this.#render,
      sources: this.sources,
      names: this.names,
      declared: { search: tools.search !== undefined, fetch: tools.fetch !== undefined },
      format: admitted.call.format.id,
      ...(this.citing === 'native' && { blocksOf: claudeSearchResults }),
    })
    this.#documents = this.#replayed.documents
    this.#known = tools.fetch && knownUrls(request.messages, tools.fetch.urlSources)
    this.pending = this.#replayed.pending.map(({ call }) => this.#runPending(call))
  }

  /** Whether the model may call hosted tools at all. */
  get #offers(): boolean {
    return this.#request.toolChoice?.type !== 'none' && (this.#tools.search !== undefined || this.#tools.fetch !== undefined)
  }

  get functions(): readonly string[] {
    return this.#offers ? [this.names.search, this.names.fetch] : []
  }

  /** Which hosted tool a function's name stands for. */
  hostedName(name: string): HostedName | undefined {
    if (name === this.names.search && this.#tools.search) return 'web_search'
    return name === this.names.fetch && this.#tools.fetch ? 'web_fetch' : undefined
  }

  start(name: HostedName, id: string, input: unknown): HostedCall {
    const settings = name === 'web_search' ? this.#tools.search : this.#tools.fetch
    const limit = settings?.maxUses
    const over = limit !== undefined && this.#used[name] >= limit
    if (over) this.#exhausted[name] = true
    else this.#used[name]++
    const outcome = over
      ? Promise.resolve(this.#failed(id, name, 'max_uses_exceeded'))
      : this.#run({ name, id, input, after: this.#latest })
    // A client may leave before anybody waits for it; the rejection is then nobody's.
    this.#latest = outcome.catch(() => {})
    return { id, outcome }
  }

  async first(): Promise<ChatRequest> {
    const results = new Map(await Promise.all(this.pending.map(async ({ id, outcome }) => [id, (await outcome).content] as const)))
    this.#messages = withPending(this.#replayed, (call) => resultMessage(call, this.names, results.get(call.id) ?? []))
    return this.#ask(this.#messages, { first: true, last: false })
  }

  next(answered: Answered, round: { last: boolean; left?: number }): ChatRequest {
    const results: Block[] = [...answered.results]
    if (round.last && results.length > 0) results.push({ type: 'text', text: 'No more calls are possible. Answer now with what you have.' })
    this.#messages = [
      ...(this.#messages ?? this.#request.messages),
      { role: 'assistant', content: answered.content },
      ...(results.length > 0 ? [{ role: 'user' as const, content: results }] : []),
    ]
    const request = this.#ask(this.#messages, { first: false, last: round.last })
    return round.left === undefined ? request : { ...request, maxOutputTokens: round.left }
  }

  cite(claim: string, numbers: readonly number[]): readonly Citation[] {
    return citationsFor(claim, numbers, { sources: this.sources, ring: this.#seal.ring, tenant: this.#seal.tenant })
  }

  shown(citation: Citation): Citation {
    return rewriteClaudeCitation(citation, { sources: this.sources, ring: this.#seal.ring, tenant: this.#seal.tenant })
  }

  #ask(messages: readonly Message[], round: { first: boolean; last: boolean }): ChatRequest {
    const { toolChoice: given } = this.#request
    const request = given === undefined ? this.#request : withoutChoice(this.#request)
    const others = request.tools.filter((tool) => tool.type !== 'server' || (tool.kind !== 'web-search' && tool.kind !== 'web-fetch'))
    const offered = this.#offers && !round.last
    // Anthropic's hosts refuse a history with calls when no tool is declared.
    const declared = offered || (others.length === 0 && needsTools(this.#parts.candidate) && hasCalls(messages))
    const hosted = declared ? this.#functions(!offered) : []
    const tools: readonly Tool[] = [...others, ...hosted]
    const toolChoice =
      !offered && hosted.length > 0 ? ({ type: 'none' } as const) : this.#choice(given, { ...round, any: tools.length > 0 })
    return {
      ...request,
      choices: 1,
      tools,
      messages: offered ? withSystem(messages, systemText(this.#tools, { ...this.#render, names: this.names })) : messages,
      ...(toolChoice && { toolChoice }),
    }
  }

  #functions(all: boolean): Tool[] {
    const { search, fetch } = this.#tools
    const nowMs = this.#seal.nowMs
    const left = (name: HostedName, limit: number | undefined): { left?: number } =>
      limit === undefined ? {} : { left: Math.max(0, limit - this.#used[name]) }
    const tools: Tool[] = []
    if (search && (all || !this.#exhausted.web_search)) {
      tools.push(searchFunction(this.names.search, search, { nowMs, ...left('web_search', search.maxUses) }))
    }
    if (fetch && (all || !this.#exhausted.web_fetch)) tools.push(fetchFunction(this.names.fetch, fetch, left('web_fetch', fetch.maxUses)))
    // A history with our calls and no declaration: what was called is named, though it cannot be called.
    if (tools.length === 0 && all) tools.push({ type: 'function', name: this.names.search, description: 'Not available any more.' })
    return tools
  }

  /** What the client forces binds the first round only, or the model could never answer. */
  #choice(given: ChatRequest['toolChoice'], round: { first: boolean; any: boolean }): ChatRequest['toolChoice'] {
    if (!round.any) return undefined
    const { forced } = this.#tools
    if (round.first && forced !== undefined && this.#offers) {
      return { type: 'tool', name: forced === 'web_search' ? this.names.search : this.names.fetch }
    }
    if (given === undefined || given.type === 'auto' || given.type === 'none') return given
    if (given.type === 'allowed') return { ...given, required: given.required && round.first }
    if (given.type === 'tool' && given.server) return { type: 'auto' }
    return round.first ? given : { type: 'auto' }
  }

  #runPending(call: ServerToolCallBlock): HostedCall {
    const name = call.name as HostedName
    return this.start(name, call.id, asObject(call.input)?.[name === 'web_search' ? 'query' : 'url'])
  }

  #run(work: Work): Promise<HostedOutcome> {
    return work.name === 'web_search' ? this.#searched(work) : this.#fetched(work)
  }

  async #searched({ id, input, after }: Work): Promise<HostedOutcome> {
    const { admitted, candidate, gateway } = this.#parts
    const settings = this.#tools.search
    if (settings === undefined) return this.#failed(id, 'web_search', 'unavailable')
    const found: SearchOutcome = await gateway.web.search(input, settings, {
      tenant: this.#seal.tenant,
      sandbox: candidate.channel.origin === 'sandbox',
      signal: this.#signal,
      observe({ name, outcome, milliseconds, costNanos }) {
        admitted.record.searches ??= []
        admitted.record.searches.push({ backend: name, outcome, durationMs: milliseconds, costNanos })
      },
    })
    await after
    if (!found.ok) return this.#failed(id, 'web_search', found.errorCode)
    this.counts.webSearches++
    const sources = this.sources.addAll(found.evidence, id)
    for (const { url } of sources) if (takesResults(this.#tools, 'web_search')) this.#known?.add(url)
    const blocks = this.citing === 'native' && sources.length > 0 ? claudeSearchResults(sources) : undefined
    return {
      block: searchResultBlock(id, sources, this.#seal),
      content: blocks ?? [{ type: 'text', text: renderSearch(String(input), sources, this.#render) }],
    }
  }

  async #fetched({ id, input, after }: Work): Promise<HostedOutcome> {
    const { candidate, gateway } = this.#parts
    const settings = this.#tools.fetch
    if (settings === undefined || this.#known === undefined) return this.#failed(id, 'web_fetch', 'unavailable')
    // Failed fetches count too: Anthropic's recordings show it.
    this.counts.webFetches++
    const read: FetchOutcome = await gateway.web.fetch(input, settings, {
      tenant: this.#seal.tenant,
      sandbox: candidate.channel.origin === 'sandbox',
      signal: this.#signal,
      known: this.#known,
    })
    await after
    if (!read.ok) return this.#failed(id, 'web_fetch', read.errorCode)
    const { page } = read
    const cited = settings.citations
    const documentIndex = this.#documents++
    const passages = page.source.kind === 'text' ? [page.source.text] : []
    const source = this.sources.add(
      { url: page.url, title: page.title, pageAge: null, passages },
      { callId: id, rank: 0, cited, documentIndex },
    )
    if (takesResults(this.#tools, 'web_fetch')) {
      this.#known.add(page.url)
      this.#known.addFrom(page.text)
    }
    const content: ToolResultBlock['content'] =
      page.source.kind === 'base64'
        ? [{ type: 'file', source: page.source, name: page.title }]
        : [{ type: 'text', text: renderPage({ source, text: page.text }, this.#render) }]
    return { block: fetchResultBlock(id, page, cited), content }
  }

  #failed(id: string, name: HostedName, code: string): HostedOutcome {
    return { block: errorResultBlock(id, name, code), content: [{ type: 'text', text: renderError(code) }] }
  }
}

function citingStyle(request: ChatRequest, { via, upstreamModel }: Candidate): CitingStyle {
  if (request.responseFormat !== undefined && request.responseFormat.type !== 'text') return 'none'
  return via.format.id === 'anthropic-messages' && /claude/i.test(upstreamModel) ? 'native' : 'markers'
}

function boundaryOf({ messages }: ChatRequest): string {
  const hmac = createHmac('sha256', BOUNDARY_KEY)
  const first = messages.find(({ role }) => role === 'user')
  for (const block of first?.content ?? []) if (block.type === 'text') hmac.update(block.text.slice(0, 2000))
  return hmac
    .digest('base64url')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 12)
}

/** Whether later fetches may go to addresses that this hosted tool brought. */
function takesResults({ fetch }: WebDeclarations, tool: HostedName): boolean {
  const source = fetch?.urlSources.serverToolResults
  if (source === undefined || source.type === 'none') return false
  return source.type === 'all' || (source.type === 'only') === source.tools.includes(tool)
}

const withoutChoice = ({ toolChoice: _given, ...request }: ChatRequest): ChatRequest => request

const needsTools = ({ via }: Candidate): boolean => via.format.id === 'anthropic-messages' || via.format.id === 'bedrock-converse'

const hasCalls = (messages: readonly Message[]): boolean =>
  messages.some(({ content }) => content.some(({ type }) => type === 'tool-call' || type === 'tool-result'))

/** Behind the client's own system text, which stays in front for the sake of prompt caches. */
function withSystem(messages: readonly Message[], text: string): Message[] {
  const at = messages.findIndex(({ role }) => role !== 'system')
  const end = at < 0 ? messages.length : at
  return [...messages.slice(0, end), { role: 'system', content: [{ type: 'text', text }] }, ...messages.slice(end)]
}
