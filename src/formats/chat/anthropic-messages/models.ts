// What each Claude model takes and refuses, by name. Only facts that change what we send; prices and
// windows are elsewhere. Names come in many spellings (`claude-sonnet-4-5-20250929`, `anthropic/claude-sonnet-4.5`,
// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-sonnet-4@20250514`), so family and version are parsed.
// https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting
// https://platform.claude.com/docs/en/build-with-claude/effort

import type { Effort } from '../../../core/chat.ts'

export interface ModelFacts {
  /** Not a Claude model: a host that only speaks the format. It gets what the client wrote, unconverted. */
  readonly compatible: boolean
  /** `manual`: thinking with a budget only. `adaptive`: without one only. `both`: either. */
  readonly thinking: 'none' | 'manual' | 'both' | 'adaptive'
  /** `thinking: disabled` is a 400: the model always thinks. */
  readonly alwaysThinks: boolean
  /** Takes `temperature`, `top_p` and `top_k` at all. */
  readonly sampling: boolean
  /** Takes `temperature` and `top_p` in one request. */
  readonly temperatureWithTopP: boolean
  /** Levels of `output_config.effort`; empty: the field is a 400. */
  readonly efforts: readonly Effort[]
  /** Largest `max_tokens`. */
  readonly maxOutputTokens: number
  /** Takes `output_config.format` and `strict` tools. */
  readonly structuredOutput: boolean
  /** Continues a last assistant message. */
  readonly prefill: boolean
  /** Takes `role: system` inside `messages`. */
  readonly systemRole: boolean
}

const COMPATIBLE: ModelFacts = {
  compatible: true,
  thinking: 'both',
  alwaysThinks: false,
  sampling: true,
  temperatureWithTopP: true,
  efforts: [],
  maxOutputTokens: 8192,
  structuredOutput: false,
  prefill: true,
  systemRole: false,
}

const LOW_TO_HIGH: readonly Effort[] = ['low', 'medium', 'high']
const LOW_TO_MAX: readonly Effort[] = [...LOW_TO_HIGH, 'max']
const ALL_EFFORTS: readonly Effort[] = [...LOW_TO_HIGH, 'xhigh', 'max']

interface Name {
  readonly family: string
  /** `4.5` as 405, so that versions compare as numbers. 0: none in the name. */
  readonly version: number
}

const VERSION_FIRST = /claude-(\d{1,2})(?:[.-](\d{1,2}))?-(opus|sonnet|haiku)/
const FAMILY_FIRST = /claude-(opus|sonnet|haiku|fable|mythos)(?:-(\d{1,2})(?!\d)(?:[.-](\d{1,2})(?!\d))?)?/

function parseName(model: string): Name | undefined {
  const lower = model.toLowerCase()
  if (!lower.includes('claude')) return undefined
  const old = VERSION_FIRST.exec(lower)
  if (old) return { family: old[3] as string, version: Number(old[1]) * 100 + Number(old[2] ?? 0) }
  const current = FAMILY_FIRST.exec(lower)
  if (current) return { family: current[1] as string, version: Number(current[2] ?? 0) * 100 + Number(current[3] ?? 0) }
  if (/claude-(instant|v?[12](?!\d))/.test(lower)) return { family: 'claude', version: 200 }
  // A name we do not know is a model newer than this table.
  return { family: 'claude', version: 0 }
}

function maxOutput({ family, version }: Name): number {
  if (version === 0 || version >= 500) return family === 'haiku' ? 64_000 : 128_000
  if (version >= 406) return family === 'opus' ? 128_000 : 64_000
  if (version >= 400) return family === 'opus' && version < 405 ? 32_000 : 64_000
  if (version >= 307) return 64_000
  return version >= 305 ? 8192 : 4096
}

function thinkingOf({ family, version }: Name): ModelFacts['thinking'] {
  if (family === 'mythos' && version === 0) return 'both'
  if (version === 0 || version >= 407) return 'adaptive'
  if (version === 406) return 'both'
  return version >= 307 ? 'manual' : 'none'
}

function effortsOf({ family, version }: Name): readonly Effort[] {
  if (family === 'mythos' && version === 0) return LOW_TO_MAX
  if (version === 0 || version >= 407) return ALL_EFFORTS
  if (version === 406) return LOW_TO_MAX
  return family === 'opus' && version === 405 ? LOW_TO_HIGH : []
}

const known = new Map<string, ModelFacts>()

/** Facts about a model by the name that is sent upstream. */
export function modelFacts(model: string): ModelFacts {
  let facts = known.get(model)
  if (facts === undefined) {
    const name = parseName(model)
    facts = name === undefined ? COMPATIBLE : factsOf(name)
    // Names come from requests: bound what they can make us keep.
    if (known.size < 1000) known.set(model, facts)
  }
  return facts
}

function factsOf(name: Name): ModelFacts {
  const { family, version } = name
  const newest = version === 0 || version >= 500
  return {
    compatible: false,
    thinking: thinkingOf(name),
    alwaysThinks: family === 'fable' || family === 'mythos',
    sampling: !newest && version < 407,
    temperatureWithTopP: !newest && version < 400,
    efforts: effortsOf(name),
    maxOutputTokens: maxOutput(name),
    structuredOutput: newest || version >= 405 || (family === 'opus' && version === 401),
    prefill: !newest && version < 406,
    systemRole: (newest && !(family === 'mythos' && version === 0)) || version === 408,
  }
}
