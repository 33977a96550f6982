// What a suite comes to.

export interface SuiteResult {
  passed: number
  failed: number
  /** A name, with the reason where there is one. */
  skipped: string[]
}

export const NOTHING: SuiteResult = { passed: 0, failed: 0, skipped: [] }

export const addResults = (a: SuiteResult, b: SuiteResult): SuiteResult => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
})
