// Whether a caller may call now: rates, tokens, concurrency and quotas, in this process or over all of them.

export { durationText, type HeaderDialect, rateLimitHeaders } from './headers.ts'
export {
  type Ask,
  FREE_SLOT,
  type Limits,
  type Refusal,
  type Slot,
  type SpentNanos,
  type Standing,
  type Taken,
  type Used,
} from './limits.ts'
export { MemoryLimits, type MemoryOptions } from './memory.ts'
export { refusalError } from './refusal.ts'
export {
  type ConcurrencyRule,
  concurrencyRule,
  type LimitRule,
  type LimitScope,
  MINUTE_MS,
  periodAround,
  type QuotaPeriod,
  type QuotaRule,
  quotaRule,
  type RateRule,
  rateRule,
} from './rule.ts'
export { SharedLimits, type SharedOptions, type SharedServer } from './shared.ts'
export { type CooldownList, sharedCooldowns } from './shared-cooldowns.ts'
