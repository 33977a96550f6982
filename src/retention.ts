// What is forgotten, and when: old log rows and usage sums. The ledger and the audit are kept.

import type { BootConfig } from './config/index.ts'
import type { Log } from './lib/log.ts'
import type { Store } from './store/index.ts'

const EVERY_MS = 3_600_000
/** The first time soon after the start, but not in it. */
const FIRST_MS = 60_000
const DAY_MS = 86_400_000

/** Several processes may do it at the same time; what one has deleted the other does not find. */
export function startRetention({ file }: BootConfig, { store, log, nowMs }: { store: Store; log: Log; nowMs(): number }): void {
  const { request_days, hourly_usage_days, daily_usage_days } = file.retention
  const run = async (): Promise<void> => {
    const now = nowMs()
    try {
      await store.requests.prune(now - request_days * DAY_MS)
      await store.answers.prune(now - request_days * DAY_MS)
      await store.operator.usage.prune(now - hourly_usage_days * DAY_MS, now - daily_usage_days * DAY_MS)
    } catch (cause) {
      log('error', 'old rows could not be deleted', { cause })
    }
  }
  setTimeout(() => void run(), FIRST_MS)
  setInterval(() => void run(), EVERY_MS)
}
