// Amounts of money as whole nano-dollars. Numbers stay exact to 9 million dollars; sums that may pass
// that are `bigint`. Text is a decimal dollar string without exponent.

const NANOS_PER_DOLLAR = 1_000_000_000

/** `1234567` → `0.001234567`. Trailing zeros are cut, at least one digit stays before the point. */
export function dollarsText(nanos: number | bigint): string {
  if (nanos === 0) return '0'
  if (typeof nanos === 'number' && nanos > 0 && Number.isSafeInteger(nanos)) {
    const whole = Math.floor(nanos / NANOS_PER_DOLLAR)
    return whole + fractionText(String(nanos - whole * NANOS_PER_DOLLAR).padStart(9, '0'))
  }
  const value = BigInt(nanos)
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(10, '0')
  return sign + digits.slice(0, -9) + fractionText(digits.slice(-9))
}

/** Nine digits behind the point, without the zeros at their end. */
function fractionText(digits: string): string {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--
  return end === 0 ? '' : `.${digits.slice(0, end)}`
}

/** Dollars as a person or a price list writes them, to nano-dollars. @throws RangeError beyond nine decimals or when not a number. */
export function nanosOf(dollars: string | number): number {
  const text = typeof dollars === 'number' ? plainDecimal(dollars) : dollars.trim()
  const match = /^(-?)(\d+)(?:\.(\d{1,9})0*)?$/.exec(text)
  if (match === null) throw new RangeError('an amount must be a decimal number of dollars with at most nine decimals')
  const nanos = Number(match[2]) * NANOS_PER_DOLLAR + Number((match[3] ?? '').padEnd(9, '0'))
  if (!Number.isSafeInteger(nanos)) throw new RangeError('the amount is too large')
  return match[1] === '-' ? -nanos : nanos
}

/** A double as the shortest decimal without exponent, rounded at the ninth decimal. */
function plainDecimal(value: number): string {
  if (!Number.isFinite(value)) return 'not a number'
  return value.toFixed(9)
}

/** `numerator / denominator`, rounded half up (away from zero), once. */
export function roundedRatio(numerator: bigint, denominator: bigint): number {
  const negative = numerator < 0n
  const magnitude = negative ? -numerator : numerator
  const quotient = (2n * magnitude + denominator) / (2n * denominator)
  const value = Number(negative ? -quotient : quotient)
  if (!Number.isSafeInteger(value)) throw new RangeError('the amount is too large')
  return value
}
