// Limits on models by the names clients use: one name, or all names with one beginning, which then count together. Every
// limit that covers a name holds, and an alias is covered by what covers its target, or another name would be a way around.

/** Bounds on calls. Absent: none. */
export interface Bounds {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly concurrency?: number
}

/** Bounds on all calls that one entry covers. */
export interface ModelLimit {
  /** The entry's own name, `*` at its end included: it names the count. */
  readonly name: string
  readonly bounds: Bounds
}

export type ModelLimits = (model: string) => readonly ModelLimit[]

const NONE: readonly ModelLimit[] = Object.freeze([])
const MOST_CACHED = 10_000

export function compileModelLimits(
  entries: ReadonlyMap<string, Bounds>,
  aliases: readonly { readonly model: string; readonly target: string }[],
): ModelLimits {
  if (entries.size === 0) return () => NONE
  const limits = [...entries].map(([name, bounds]): ModelLimit => ({ name, bounds }))
  const targets = new Map(aliases.map(({ model, target }) => [model, target]))
  const cache = new Map<string, readonly ModelLimit[]>()
  return (model) => {
    const known = cache.get(model)
    if (known !== undefined) return known
    const target = targets.get(model)
    const found = limits.filter(({ name }) => covers(name, model) || (target !== undefined && covers(name, target)))
    if (cache.size < MOST_CACHED) cache.set(model, found)
    return found
  }
}

const covers = (name: string, model: string): boolean => name === model || (name.endsWith('*') && model.startsWith(name.slice(0, -1)))

/** Both sides' entries. Where both have one for a name, the stricter bound of each kind holds. */
export function strictestLimits(one: ReadonlyMap<string, Bounds>, other: ReadonlyMap<string, Bounds>): ReadonlyMap<string, Bounds> {
  if (one.size === 0 || other.size === 0) return one.size === 0 ? other : one
  const all = new Map(one)
  for (const [name, bounds] of other) {
    const same = all.get(name)
    all.set(name, same === undefined ? bounds : strictest(same, bounds))
  }
  return all
}

const strictest = (one: Bounds, other: Bounds): Bounds =>
  Object.fromEntries(
    (['requestsPerMinute', 'tokensPerMinute', 'concurrency'] as const).flatMap((kind) => {
      const least = Math.min(one[kind] ?? Number.POSITIVE_INFINITY, other[kind] ?? Number.POSITIVE_INFINITY)
      return least === Number.POSITIVE_INFINITY ? [] : [[kind, least]]
    }),
  )
