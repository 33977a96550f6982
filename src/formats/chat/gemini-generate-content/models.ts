// Facts about Gemini models that the wire does not tell, looked up by name. A name that is not Gemini's is
// taken for a current one. Sources: https://ai.google.dev/gemini-api/docs/thinking and …/gemini-3

import type { Effort } from '../../../core/chat.ts'

export type WireLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

export interface ModelFacts {
  /** How thinking is steered: `thinkingLevel` from 3 on, `thinkingBudget` on 2.5; the others do not think. */
  readonly thinking: 'level' | 'budget' | 'none'
  /** Least level the model takes. */
  readonly leastLevel: WireLevel
  /** Budget range; `least` is what stands for "off". */
  readonly budget: { readonly off: number; readonly min: number; readonly max: number }
  /** Calls must be replayed with a thought signature. */
  readonly needsSignature: boolean
  /** Results may carry media in `functionResponse.parts`; media resolution may be set per part. */
  readonly mediaInResults: boolean
  /** Server tools and functions may be declared together. */
  readonly mixesTools: boolean
  /** JSON output works beside declared functions; before Gemini 3 the two together are a 400. */
  readonly jsonBesideTools: boolean
  /** Grounding is billed by query; before Gemini 3 by request. */
  readonly billsQueries: boolean
  /** What it answers with when nothing else is asked for. */
  readonly output: 'text' | 'image' | 'audio'
}

const VERSION = /(?:^|[/.])gemini-(\d+)(?:\.(\d+))?(?:-|$)/
const NAMED_LATEST = /(?:^|[/.])gemini-[a-z-]*latest$/

export function modelFacts(model: string): ModelFacts {
  const name = model.toLowerCase()
  const version = VERSION.exec(name)
  const major = version ? Number(version[1]) : undefined
  const minor = version?.[2] === undefined ? 0 : Number(version[2])
  const current = major !== undefined ? major >= 3 : NAMED_LATEST.test(name)
  const output = /image|nano-banana/.test(name) ? 'image' : /-tts|native-audio/.test(name) ? 'audio' : 'text'
  const pro = name.includes('-pro')
  return {
    thinking: thinkingOf({ name, major, minor, output }),
    leastLevel: pro || (current && /-flash(?!-lite)/.test(name) && (major === undefined || major > 3 || minor >= 7)) ? 'LOW' : 'MINIMAL',
    budget: pro ? { off: 128, min: 128, max: 32768 } : { off: 0, min: name.includes('lite') ? 512 : 1, max: 24576 },
    needsSignature: current,
    mediaInResults: current,
    mixesTools: major === undefined || current,
    jsonBesideTools: major === undefined || current,
    billsQueries: current,
    output,
  }
}

function thinkingOf(model: {
  name: string
  major: number | undefined
  minor: number
  output: ModelFacts['output']
}): ModelFacts['thinking'] {
  if (model.output === 'audio' || /gemma|learnlm|aqa|embedding|robotics/.test(model.name)) return 'none'
  if (model.major === undefined || model.major >= 3) return 'level'
  if (model.output === 'image') return 'none'
  return model.major === 2 && model.minor >= 5 ? 'budget' : 'none'
}

export const LEVEL_OF_EFFORT: Readonly<Record<Effort, WireLevel>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
}

/** Thinking tokens for 2.5; `none` and the top efforts depend on the model's range. */
export const BUDGET_OF_EFFORT: Readonly<Record<Exclude<Effort, 'none' | 'xhigh' | 'max'>, number>> = {
  minimal: 512,
  low: 2048,
  medium: 8192,
  high: 24576,
}

export const levelOfBudget = (tokens: number): WireLevel =>
  tokens < 1 ? 'MINIMAL' : tokens < 2000 ? 'LOW' : tokens < 8000 ? 'MEDIUM' : 'HIGH'
