// Address allow-lists: single addresses and ranges in CIDR notation, of both protocols. An IPv4 address in IPv6 clothing
// counts as what it is.

import ipaddr from 'ipaddr.js'

export interface AddressRange {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6
  readonly bits: number
}

/** @returns `undefined` when the text is neither an address nor a range. */
export function addressRange(text: string): AddressRange | undefined {
  try {
    if (!text.includes('/')) {
      const address = strictAddress(text)
      return address && { address, bits: address.kind() === 'ipv4' ? 32 : 128 }
    }
    const [address, bits] = ipaddr.parseCIDR(text)
    if (address.kind() === 'ipv4' && !ipaddr.IPv4.isValidFourPartDecimal(text.slice(0, text.indexOf('/')))) return undefined
    if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96)
      return { address: address.toIPv4Address(), bits: bits - 96 }
    return { address, bits }
  } catch {
    return undefined
  }
}

/** Whether the address lies in one of the ranges; an unknown one lies in none. */
export function inRanges(ranges: readonly AddressRange[], address: string | undefined): boolean {
  const found = address === undefined ? undefined : strictAddress(address)
  if (found === undefined) return false
  return ranges.some((range) => range.address.kind() === found.kind() && found.match(range.address, range.bits))
}

/** Short spellings (`10.1`, octal, a whole number) mean different things to different programs: they are no addresses here. */
function strictAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = text.replace(/%.*$/, '')
  if (!bare.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined
}
