// Opens a candidate whose answer may take several model calls: hosted tools that we run, and turns that the upstream
// paused. The first round is opened here, so that its failure can still move on to another candidate.

import type { ChatRequest, ChatResponse } from '../core/chat.ts'
import { type ChatEvent, responseFold, unfoldResponse } from '../core/chat-event.ts'
import { NO_USAGE } from '../core/usage.ts'
import type { Candidate } from '../routing/index.ts'
import { holdsPrintedCall } from '../tools/index.ts'
import { accepted, sourceOf } from './accept.ts'
import type { Admitted } from './admitted.ts'
import type { Gateway } from './call.ts'
import { Conversation } from './conversation.ts'
import { estimateInputTokens } from './estimate.ts'
import { type EventSource, untilContent } from './events.ts'
import { joined } from './fan-out.ts'
import type { HostedWork } from './hosted.ts'
import { wordsOf } from './record.ts'
import { rounds } from './rounds.ts'
import { decodedAnswer, translatedRequest } from './translate.ts'
import { type Turn, upstreamTurn } from './turn.ts'

interface HostedParts {
  readonly gateway: Gateway
  readonly work: HostedWork
}

/** The whole answer. */
export async function hostedAnswer(admitted: Admitted, candidate: Candidate, parts: HostedParts): Promise<ChatResponse> {
  if (admitted.request().choices > 1) return folded(await hostedEvents(admitted, candidate, parts))
  const stage = staged(admitted, candidate, parts)
  const { turn } = stage
  const asked = await turn.first()
  admitted.record.beginRound(() => estimateInputTokens(asked))
  const outbound = await translatedRequest(admitted, candidate, { gateway: parts.gateway, request: asked })
  const response = await accepted(await parts.gateway.upstream.send(outbound.request), candidate)
  const answer = decodedAnswer(await response.text(), candidate, outbound.context)
  if (turn.pending.length === 0 && isWhole(answer, turn, stage.pauses)) {
    stage.spent(answer.usage, () => answer.choices[0]?.content ?? [])
    return turn.counts === undefined ? answer : { ...answer, usage: { ...(answer.usage ?? NO_USAGE), ...turn.counts } }
  }
  return folded(rounds({ ...stage, first: told(answer) }))
}

/** The answer's events, at the first content. Each choice is a conversation of its own. */
export async function hostedEvents(admitted: Admitted, candidate: Candidate, parts: HostedParts): Promise<EventSource> {
  const { choices } = admitted.request()
  const one = async (): Promise<EventSource> => {
    const stage = staged(admitted, candidate, parts)
    return rounds({ ...stage, first: await stage.open(await stage.turn.first()) })
  }
  return choices === 1 ? one() : joined(await Promise.all(Array.from({ length: choices }, one)))
}

type Stage = Omit<Parameters<typeof rounds>[0], 'first'>

function staged(admitted: Admitted, candidate: Candidate, { gateway, work }: HostedParts): Stage {
  const { call, record } = admitted
  const request = admitted.request()
  const abort = new AbortController()
  call.signal.addEventListener('abort', () => abort.abort(), { once: true })
  return {
    turn: work.kind === 'run' ? new Conversation(work.tools, { admitted, candidate, gateway }, abort.signal) : upstreamTurn(request),
    async open(asked: ChatRequest) {
      record.beginRound(() => estimateInputTokens(asked))
      const outbound = await translatedRequest(admitted, candidate, { gateway, request: asked })
      const response = await accepted(await gateway.upstream.send(outbound.request), candidate)
      return untilContent(sourceOf(response, candidate, outbound.context), (usage) => record.endRound(usage, () => ''))
    },
    abort,
    pauses: call.format.id === 'anthropic-messages',
    nextId: () => gateway.ids.next('srvtoolu_'),
    nowMs: gateway.nowMs,
    spent: (usage, answer) => record.endRound(usage, () => wordsOf(answer())),
    ...(request.maxOutputTokens !== undefined && { maxOutputTokens: request.maxOutputTokens }),
  }
}

/** Whether nothing in an answer is for us to do: no call in any disguise, no marker, no citation to rewrite. */
function isWhole({ choices }: ChatResponse, turn: Turn, pauses: boolean): boolean {
  const choice = choices[0]
  if (choice === undefined) return true
  if (choice.finish.reason === 'pause' && !pauses) return false
  if (turn.functions.length === 0 && turn.citing === 'native' && turn.counts === undefined) return true
  return choice.content.every((block) => {
    if (block.type === 'tool-call') return turn.hostedName(block.name) === undefined
    if (block.type !== 'text') return true
    const marked = turn.citing === 'markers' && turn.sources.count() > 0
    return !marked && block.citations === undefined && !holdsPrintedCall(block.text, turn.functions)
  })
}

async function folded(source: EventSource): Promise<ChatResponse> {
  const fold = responseFold()
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) for (const event of batch) fold.add(event)
  return fold.result()
}

function told(answer: ChatResponse): EventSource {
  let events: readonly ChatEvent[] | undefined = [...unfoldResponse(answer)]
  return {
    async next() {
      const batch = events
      events = undefined
      return batch
    },
    cancel() {},
  }
}
