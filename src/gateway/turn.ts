// What `rounds` needs to know of an exchange whose answer takes several model calls. Two kinds: hosted tools that we run
// (`conversation.ts`), and turns that an upstream paused and whose client cannot ask to go on (below).

import type { Block, ChatRequest, Citation, ServerToolResultBlock, ToolCallBlock, ToolResultBlock } from '../core/chat.ts'
import type { MarkerSources } from '../tools/index.ts'

export type HostedName = 'web_search' | 'web_fetch'

/** A call of a hosted tool, and what becomes of it. */
export interface HostedCall {
  /** As the client sees it. */
  readonly id: string
  readonly outcome: Promise<HostedOutcome>
}

export interface HostedOutcome {
  /** For the client. */
  readonly block: ServerToolResultBlock
  /** For the model. */
  readonly content: ToolResultBlock['content']
}

/** How an upstream's answers cite: by numbers that we read, by itself, or not at all. */
export type CitingStyle = 'markers' | 'native' | 'none'

/** The model's whole answer of one round and the results of its calls, by the upstream's own ids. */
export interface Answered {
  readonly content: readonly Block[]
  readonly results: readonly ToolResultBlock[]
}

export interface Turn {
  readonly citing: CitingStyle
  readonly sources: MarkerSources
  /** Names of the functions that stand for hosted tools; empty when the model may call none. */
  readonly functions: readonly string[]
  /** Calls that the history left open: their results open the answer. */
  readonly pending: readonly HostedCall[]
  /** Successful searches and attempted fetches of ours; absent when the upstream counts itself. */
  readonly counts?: { readonly webSearches: number; readonly webFetches: number }
  first(): Promise<ChatRequest>
  /** @param round `last`: no more calls are possible; `left`: output tokens that remain. */
  next(answered: Answered, round: { readonly last: boolean; readonly left?: number }): ChatRequest
  hostedName(name: string): HostedName | undefined
  /** Starts a call at once; nobody waits here. @param input the argument as the model wrote it. */
  start(name: HostedName, id: string, input: unknown): HostedCall
  cite(claim: string, numbers: readonly number[]): readonly Citation[]
  /** A citation by the upstream, as the client understands it. */
  shown(citation: Citation): Citation
}

/** A turn whose hosted tools run at the upstream. */
export function upstreamTurn(request: ChatRequest): Turn {
  let messages = request.messages
  const nothing = (): never => {
    throw new Error('the upstream runs its own tools')
  }
  return {
    citing: 'native',
    sources: { count: () => 0, byUrl: () => undefined },
    functions: [],
    pending: [],
    first: async () => ({ ...request, choices: 1 }),
    next({ content }, { left }) {
      messages = [...messages, { role: 'assistant', content }]
      return { ...request, choices: 1, messages, ...(left !== undefined && { maxOutputTokens: left }) }
    },
    hostedName: () => undefined,
    start: nothing,
    cite: () => [],
    shown: (citation) => citation,
  }
}

/** The tool result for the upstream, under its own id of the call. */
export const resultFor = (call: ToolCallBlock, content: ToolResultBlock['content']): ToolResultBlock => ({
  type: 'tool-result',
  callId: call.id,
  name: call.name,
  content,
  isError: false,
})
