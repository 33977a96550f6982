// Domain rules of the hosted web tools: how an entry is read, and whether an address passes. Whatever a search
// backend or a redirect brings, this file has the last word. Rules: web-search tool documentation, "Domain filtering".

/** One readable entry. */
export interface DomainRule {
  /** As the client wrote it. */
  readonly entry: string
  /** ASCII, lower case. Covers itself and everything below it. */
  readonly host: string
  /** Begins with `/`; `*` stands for any characters. Absent: the whole site. */
  readonly path?: string
  /** Counts as an entry and matches nothing. */
  readonly never?: true
}

export interface DomainRules {
  /** Empty: everything that is not blocked. */
  readonly allowed: readonly DomainRule[]
  readonly blocked: readonly DomainRule[]
}

export const NO_RULES: DomainRules = { allowed: [], blocked: [] }

/** More entries than a search engine would take; the tool then answers `request_too_large`. */
export const MAX_DOMAIN_ENTRIES = 1000

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const BAD_PATH = /[\s?#$,|^!\\]/

/** Reads one entry. Returns the reason when it is not valid. */
export function parseDomain(entry: string): DomainRule | string {
  if (entry === '') return 'must not be empty'
  if (entry.length > 255) return 'must not be longer than 255 characters'
  if (/\s/.test(entry)) return 'must not contain spaces'
  if (entry.includes('://') || entry.startsWith('//')) return 'must not contain a scheme such as https://'
  const slash = entry.indexOf('/')
  const written = slash < 0 ? entry : entry.slice(0, slash)
  const path = slash < 0 ? '' : entry.slice(slash)
  if (written.includes('*')) return 'must not contain a wildcard in the host; a bare domain covers its subdomains'
  if (written.includes(':')) return 'must not contain a port'
  const host = asciiHost(written)
  if (host === undefined) return 'is not a valid domain'
  if (BAD_PATH.test(path)) return 'contains a character that is not allowed in a path'
  return path === '' || path === '/' ? { entry, host } : { entry, host, path: normalPath(path) }
}

/** ASCII form of a host name, or `undefined` when it is none. */
export function asciiHost(written: string): string | undefined {
  if (/[%@?#\\[\]<>]/.test(written)) return undefined
  const bare = written.endsWith('.') ? written.slice(0, -1) : written
  if (bare === '' || bare.length > 253) return undefined
  let host: string
  try {
    host = new URL(`http://${bare}/`).hostname
  } catch {
    return undefined
  }
  // Numbers in odd notations become addresses here; what the entry shows must be what it matches.
  if (/^[\d.]+$/.test(host)) return host === bare ? host : undefined
  const labels = host.split('.')
  return labels.length > 1 && labels.every((label) => LABEL.test(label)) ? host : undefined
}

/** Whether one rule covers the address. */
export function covers(rule: DomainRule, url: URL): boolean {
  if (rule.never) return false
  const host = url.hostname.endsWith('.') ? url.hostname.slice(0, -1) : url.hostname
  if (host !== rule.host && !host.endsWith(`.${rule.host}`)) return false
  if (rule.path === undefined) return true
  const path = normalPath(url.pathname)
  // A path covers everything under it: `/docs` covers `/docs/a` and not `/docs2`.
  const under = rule.path.endsWith('/') || rule.path.endsWith('*') ? `${rule.path}*` : `${rule.path}/*`
  return glob(rule.path, path) || glob(under, path)
}

/** Whether the rules let an address through. Text that is no web address never passes. */
export function permits(rules: DomainRules, address: string | URL): boolean {
  const url = typeof address === 'string' ? webUrl(address) : address
  if (url === undefined) return false
  if (rules.blocked.some((rule) => covers(rule, url))) return false
  return rules.allowed.length === 0 || rules.allowed.some((rule) => covers(rule, url))
}

/** The address when it is an absolute http or https URL. */
export function webUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' ? url : undefined
}

/** The results that pass: applied to every backend's answer, filtered by itself or not. */
export const postFilter = <T extends { readonly url: string }>(rules: DomainRules, results: readonly T[]): T[] =>
  results.filter(({ url }) => permits(rules, url))

/** The entries as backends take them: ASCII host with path. */
export const domainTexts = (rules: readonly DomainRule[]): string[] =>
  rules.map(({ host, path }) => `${host}${path === undefined ? '' : path.replace(/\/?\*.*$/, '')}`)

/** Entries of a request that leave the organisation's own lists. */
export function conflicts(request: DomainRules, organisation: DomainRules): string[] {
  const outside = request.allowed.filter((rule) => {
    const url = new URL(`http://${rule.host}/`)
    if (organisation.blocked.some((own) => own.path === undefined && covers(own, url))) return true
    return organisation.allowed.length > 0 && !organisation.allowed.some((own) => covers({ entry: own.entry, host: own.host }, url))
  })
  return outside.map(({ entry }) => entry)
}

/** Percent-escapes of plain characters undone and doubled slashes joined, so that a path has one spelling. */
function normalPath(path: string): string {
  const escaped = path.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
  return escaped
    .replace(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16))
      return /[A-Za-z0-9\-._~]/.test(character) ? character : whole.toUpperCase()
    })
    .replace(/\/{2,}/g, '/')
}

/** Matches the whole text; `*` is any run of characters. Two pointers, so a hostile pattern cannot blow up. */
function glob(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
