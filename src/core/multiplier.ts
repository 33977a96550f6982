// A group's multiplier as operators write it, to an exact factor.

import type { Multiplier } from './price.ts'

const DECIMAL = /^(\d{1,6})(?:\.(\d{1,6}))?$/

/** `1.75` → 175/100; `undefined` when it is one, so that nobody multiplies in vain. @throws RangeError */
export function multiplierOf(text: string): Multiplier | undefined {
  const match = DECIMAL.exec(text.trim())
  if (match === null) throw new RangeError('a multiplier must be a plain decimal number with at most six decimals')
  const decimals = (match[2] ?? '').replace(/0+$/, '')
  const denominator = 10 ** decimals.length
  const numerator = Number(match[1]) * denominator + Number(decimals || 0)
  return numerator === denominator ? undefined : { numerator, denominator }
}
