// Which channels to try for one exchange, in which order, in which format and mode. Pure but for the
// cooldowns it reads and the chance it draws.

import type { ChatFormat } from '../formats/index.ts'
import type { Channel, ChannelFormat, Route, Snapshot } from '../snapshot/index.ts'
import { chanceOf } from './conversation.ts'
import type { Cooldowns } from './cooldown.ts'

export interface Candidate {
  readonly channel: Channel
  readonly upstreamModel: string
  readonly via: ChannelFormat
  readonly mode: 'passthrough' | 'translate'
}

export interface PlanInput {
  readonly snapshot: Snapshot
  readonly model: string
  readonly clientFormat: ChatFormat
  /** Number of choices wanted: more than one needs a rebuilt body where the upstream knows no `n`. */
  readonly choices: number
  /** What of the body forbids to pass it on as it came. */
  readonly body?: { readonly openaiTools?: boolean; readonly misspelled?: boolean }
  /** Only the sandbox may answer. */
  readonly sandboxOnly?: boolean
  readonly nowMs: number
  readonly cooldowns: Cooldowns
  /** A number from 0 to 1, fresh at each call. */
  readonly random: () => number
  /** What keeps a conversation on one of several equal channels; `undefined`, or absent: chance decides each time. Asked only then. */
  readonly conversation?: () => string | undefined
}

/** Candidates, best first; empty when no channel knows the model. */
export function plan(input: PlanInput): Candidate[] {
  const { snapshot, model } = input
  const routes = input.sandboxOnly === true ? snapshot.testRoutes(model) : snapshot.routes(model)
  if (routes.length === 1) {
    const only = candidate(routes[0] as Route, input)
    return only === undefined ? [] : [only]
  }
  const ready: Candidate[] = []
  const cooling: Candidate[] = []
  for (const route of ordered(routes, input)) {
    const made = candidate(route, input)
    if (made === undefined) continue
    // A cooling channel is still tried, but after everyone else: one failure must not take a model away.
    ;(input.cooldowns.active(route.channel.id, input.nowMs) ? cooling : ready).push(made)
  }
  return cooling.length === 0 ? ready : [...ready, ...cooling]
}

function candidate({ channel, upstreamModel }: Route, input: PlanInput): Candidate | undefined {
  const usable = channel.formats.filter(({ declared }) => declared.models === undefined || declared.models(upstreamModel))
  const own = usable.find(({ format }) => format === input.clientFormat)
  const via = own ?? usable[0]
  if (via === undefined) return undefined
  const { declared } = via
  const untouched =
    (declared.request === undefined && declared.response === undefined && declared.frames === undefined) ||
    declared.passthroughSafe === true
  const { openaiTools, misspelled } = input.body ?? {}
  const legible = misspelled !== true && (openaiTools !== true || declared.openaiTools !== false)
  const direct = own !== undefined && untouched && legible && (input.choices === 1 || takesChoices(via))
  return { channel, upstreamModel, via, mode: direct ? 'passthrough' : 'translate' }
}

/** Whether one call to this upstream can answer with several choices. */
export const takesChoices = ({ declared, format }: ChannelFormat): boolean => declared.nativeChoices ?? format.nativeChoices

/**
 * By priority, and within one priority by weighted chance. A conversation's chance is its own: it meets the same order in
 * every turn, and when a channel comes or goes only those move that begin or end there.
 */
function ordered(routes: readonly Route[], { random, conversation }: PlanInput): Route[] {
  const talk = conversation?.()
  const chance = talk === undefined ? random : ({ id }: Channel): number => chanceOf(talk, id)
  return routes
    .map((route) => ({ route, key: -Math.log(1 - chance(route.channel)) / route.channel.weight }))
    .sort((a, b) => a.route.channel.priority - b.route.channel.priority || a.key - b.key)
    .map(({ route }) => route)
}
