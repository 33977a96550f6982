// Search backends that failed lately are asked last for a while, so that one that hangs does not cost its timeout in every
// search. None is ever left out. Kept in memory, by name.

import type { SearchAttempt, SearchRoute } from '../tools/index.ts'

export interface BackendCooldowns {
  observe(attempt: Pick<SearchAttempt, 'name' | 'outcome'>, nowMs: number): void
  /** The same routes, those that rest behind the others. */
  ordered(routes: readonly SearchRoute[], nowMs: number): readonly SearchRoute[]
}

/** How long a failure puts a backend behind, and how many in a row it takes. What a query brought on itself says nothing about the next. */
const REST: Partial<Record<SearchAttempt['outcome'], { readonly milliseconds: number; readonly after: number }>> = {
  rate_limited: { milliseconds: 10_000, after: 1 },
  auth: { milliseconds: 60_000, after: 2 },
  timeout: { milliseconds: 20_000, after: 1 },
  unavailable: { milliseconds: 10_000, after: 2 },
}

interface State {
  failures: number
  untilMs: number
}

export function backendCooldowns(): BackendCooldowns {
  const states = new Map<string, State>()
  return {
    observe({ name, outcome }, nowMs) {
      const rest = REST[outcome]
      if (rest === undefined) {
        if (outcome === 'ok') states.delete(name)
        return
      }
      const state = states.get(name) ?? { failures: 0, untilMs: 0 }
      state.failures++
      if (state.failures >= rest.after) state.untilMs = nowMs + rest.milliseconds
      states.set(name, state)
    },
    ordered(routes, nowMs) {
      const rests = ({ account }: SearchRoute): boolean => (states.get(account.name)?.untilMs ?? 0) > nowMs
      return routes.some(rests) ? [...routes.filter((route) => !rests(route)), ...routes.filter(rests)] : routes
    },
  }
}
