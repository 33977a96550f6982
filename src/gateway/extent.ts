// What a request will use beside words, as far as it says so before it runs: what has no price must not be sent. A request
// is decoded for it only where its text gives a reason.

import type { Ask } from '../billing/index.ts'
import type { Block, CacheHint, ChatRequest } from '../core/chat.ts'
import { asObject } from '../lib/json.ts'
import { type Candidate, takesChoices } from '../routing/index.ts'
import { readWebTools } from '../tools/index.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { estimateUnread } from './estimate.ts'
import { hostedWork } from './hosted.ts'

/** Searches that are held money for where the client sets no bound of its own. */
const USUAL_SEARCHES = 5

type Asked = Pick<Admitted, 'call' | 'peek' | 'request'>
type Extents = Pick<Ask, 'inputTokens' | 'choices' | 'audioInput' | 'audioOutput' | 'imageOutput' | 'traits' | 'searchesOn' | 'searchNanos'>

export function extentOf(asked: Asked, candidates: readonly Candidate[], gateway: Gateway): Extents {
  const { call, peek, request } = asked
  const modalities = namesModalities(call.http.body) ? request().modalities : undefined
  // An upstream that gives one choice a call reads the prompt for each.
  const readings = peek.choices > 1 && candidates.some(({ via }) => !takesChoices(via)) ? peek.choices : 1
  return {
    inputTokens: () => estimateUnread(request, call.http.text) * readings,
    choices: peek.choices,
    ...(mayHear(call.http.text) && blocksOf(request()).some(({ type }) => type === 'audio') && { audioInput: true }),
    ...(modalities?.includes('audio') && { audioOutput: true }),
    ...(modalities?.includes('image') && { imageOutput: true }),
    traits: () => traitsOf(request()),
    ...(peek.serverTools.includes('web-search') && searchesOf(asked, candidates, gateway)),
  }
}

function namesModalities(body: Readonly<Record<string, unknown>>): boolean {
  if (body['modalities'] != null) return true
  const config = asObject(body['generationConfig']) ?? asObject(body['generation_config'])
  return config?.['responseModalities'] != null || config?.['response_modalities'] != null
}

// A search for text that begins with a quotation mark passes a megabyte of base64 in no time.
const mayHear = (text: string): boolean => text.includes('"input_audio"') || text.includes('"audio/')

function* everyBlock(blocks: readonly Block[]): Generator<Block> {
  for (const block of blocks) {
    yield block
    if (block.type === 'tool-result') yield* everyBlock(block.content)
  }
}

const blocksOf = ({ messages }: ChatRequest): Block[] => messages.flatMap(({ content }) => [...everyBlock(content)])

function traitsOf(request: ChatRequest): { imageInput?: boolean; cacheLifetime?: '5m' | '1h' } {
  const blocks = blocksOf(request)
  const hints: (CacheHint | undefined)[] = [request.cache, ...blocks.map((block) => ('cache' in block ? block.cache : undefined))]
  for (const tool of request.tools) if ('cache' in tool) hints.push(tool.cache)
  return {
    ...(blocks.some(({ type }) => type === 'image') && { imageInput: true }),
    ...(hints.some((hint) => hint?.ttl === '1h') && { cacheLifetime: '1h' }),
  }
}

/** Searches that an upstream runs have their price there; ours cost what the dearest backend takes. */
function searchesOf(asked: Asked, candidates: readonly Candidate[], gateway: Gateway): Pick<Ask, 'searchesOn' | 'searchNanos'> {
  const count = Math.min(maxUses(asked) ?? USUAL_SEARCHES, 100)
  const ours = candidates.filter((candidate) => runsHere(asked, candidate, gateway))
  const sandbox = ours.every(({ channel }) => channel.origin === 'sandbox')
  return {
    searchesOn: ({ channel }) =>
      candidates.some((candidate) => candidate.channel === channel && !ours.includes(candidate) && reportsSearches(candidate)) ? count : 0,
    ...(ours.length > 0 && { searchNanos: gateway.web.dearestSearch({ sandbox }) * count }),
  }
}

/** Chat's models that search do it as a part of every answer: they count no searches, and their price is the model's. */
const reportsSearches = ({ via }: Candidate): boolean => via.format.id !== 'openai-chat'

/** What a declaration does wrong is told by the attempt. */
function runsHere(asked: Asked, candidate: Candidate, gateway: Gateway): boolean {
  try {
    return hostedWork(asked, candidate, gateway)?.kind === 'run'
  } catch {
    return true
  }
}

function maxUses({ request }: Asked): number | undefined {
  try {
    return readWebTools(request()).search?.maxUses
  } catch {
    return undefined
  }
}
