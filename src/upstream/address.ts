// Which addresses and names may be fetched on a client's behalf. Pure: text in, verdict out. An address is
// judged as numbers, never by its spelling, and everything that is not plainly public is refused.
// https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry

import ipaddr from 'ipaddr.js'

/** `undefined`: may be connected to. Otherwise why not, for the log. */
export type AddressVerdict = string | undefined

// Public by number, yet answered by the platform a machine runs on, or special in registries newer than the library.
const REFUSED_RANGES: readonly [range: string, why: string][] = [
  // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  ['168.63.129.16/32', 'platform metadata'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.31.196.0/24', 'as112'],
  ['192.52.193.0/24', 'amt'],
  ['192.175.48.0/24', 'as112'],
  // https://www.rfc-editor.org/rfc/rfc9637
  ['3fff::/20', 'documentation'],
  ['2001::/23', 'protocol assignments'],
  ['2002::/16', '6to4'],
  ['2620:4f:8000::/48', 'as112'],
]
const refused = REFUSED_RANGES.map(([range, why]) => ({ range: ipaddr.parseCIDR(range), why }))
/** The only IPv6 space that is routed in public. Everything that embeds IPv4 elsewhere falls out with it. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

/** Judges one resolved address. */
export function judgeAddress(text: string): AddressVerdict {
  if (text.includes('%')) return 'zone id'
  let address: ipaddr.IPv4 | ipaddr.IPv6
  try {
    // Only the two canonical notations: a resolver gives no others, and lenient ones read octal.
    if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return 'not an address'
    address = ipaddr.parse(text)
  } catch {
    return 'not an address'
  }
  const range = address.range()
  if (range !== 'unicast') return range
  if (address.kind() === 'ipv6') {
    const v6 = address as ipaddr.IPv6
    if (!v6.match(GLOBAL_UNICAST)) return 'not global unicast'
    // ISATAP carries an IPv4 address behind this identifier (RFC 5214 §6.1).
    if ((v6.parts[4] === 0 || v6.parts[4] === 0x200) && v6.parts[5] === 0x5efe) return 'isatap'
  }
  return refused.find(({ range: [network, bits] }) => network.kind() === address.kind() && address.match(network, bits))?.why
}

const REFUSED_SUFFIXES = [
  'local',
  'internal',
  'localhost',
  'localdomain',
  'home.arpa',
  'intranet',
  'lan',
  'corp',
  'home',
  'private',
  'test',
  'example',
  'invalid',
  'onion',
  'arpa',
]

/** Judges a host name before it is resolved. `host` as `URL.hostname` gives it. */
export function judgeHost(host: string): AddressVerdict {
  if (host.startsWith('[') || ipaddr.IPv4.isValidFourPartDecimal(host)) return 'literal address'
  const name = host.replace(/\.+$/, '')
  if (name === '' || name.length > 253) return 'not a host name'
  // A name without a dot can only mean a machine of the local network.
  if (!name.includes('.')) return 'local name'
  return REFUSED_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`)) ? 'local name' : undefined
}
