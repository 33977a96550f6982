// The Robots Exclusion Protocol (RFC 9309) for our own product token, and how long its answers are believed.

/** The name under which sites can address us. */
export const ROBOT_TOKEN = 'SwitchyardBot'

interface Rule {
  readonly allow: boolean
  readonly pattern: string
}

/** Rules of one site that apply to us. */
export interface RobotsRules {
  allows(url: URL): boolean
}

export const ALLOW_ALL: RobotsRules = { allows: () => true }
export const DISALLOW_ALL: RobotsRules = { allows: (url) => url.pathname === '/robots.txt' }

/** The first 500 KiB count, as the RFC asks for at least. */
const MAX_UNITS = 512 * 1024

export function parseRobots(text: string, token = ROBOT_TOKEN): RobotsRules {
  const own: Rule[] = []
  const general: Rule[] = []
  let agents: string[] = []
  let named = false
  let inRules = false
  for (const line of text
    .slice(0, MAX_UNITS)
    .replace(/^\ufeff/, '')
    .split(/\r\n|[\r\n]/)) {
    const match = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line)
    if (match === null) continue
    const field = (match[1] as string).toLowerCase()
    const value = (match[2] as string).trim()
    if (field === 'user-agent') {
      if (inRules) agents = []
      inRules = false
      const agent = /^[A-Za-z_-]+|^\*/.exec(value)?.[0].toLowerCase()
      if (agent !== undefined) agents.push(agent)
      if (agent === token.toLowerCase()) named = true
    } else if (field === 'allow' || field === 'disallow') {
      inRules = true
      if (value === '') continue
      const rule = { allow: field === 'allow', pattern: normal(value) }
      if (agents.includes(token.toLowerCase())) own.push(rule)
      if (agents.includes('*')) general.push(rule)
    }
  }
  // A group of our own replaces the general one, even when it is empty.
  return rulesFrom(named ? own : general)
}

function rulesFrom(rules: readonly Rule[]): RobotsRules {
  return {
    allows(url) {
      if (url.pathname === '/robots.txt') return true
      const path = normal(url.pathname + url.search)
      let best: Rule | undefined
      for (const rule of rules) {
        if (!matches(rule.pattern, path)) continue
        const longer = best === undefined || rule.pattern.length > best.pattern.length
        const tie = best !== undefined && rule.pattern.length === best.pattern.length && rule.allow
        if (longer || tie) best = rule
      }
      return best?.allow ?? true
    },
  }
}

/** Percent-escapes in one spelling: plain characters bare, the rest escaped in upper case. */
const normal = (path: string): string =>
  path
    .replace(/[^\x21-\x7e]/gu, (character) => (character.isWellFormed() ? encodeURIComponent(character) : ''))
    .replace(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16))
      return /[A-Za-z0-9\-._~]/.test(character) ? character : whole.toUpperCase()
    })

/** Prefix match; `*` is any run, `$` at the end is the end. Greedy pieces, so a hostile file cannot blow up. */
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$')
  const pieces = (anchored ? pattern.slice(0, -1) : pattern).split('*')
  const first = pieces[0] as string
  if (!path.startsWith(first)) return false
  if (pieces.length === 1) return !anchored || path.length === first.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = path.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  const last = pieces[pieces.length - 1] as string
  return anchored ? path.length - last.length >= at && path.endsWith(last) : path.indexOf(last, at) >= 0
}

/** What a site's answer about robots.txt means, and how long to believe it. */
export function robotsFrom(answer: { readonly status: number; readonly text: string } | undefined): { rules: RobotsRules; ttlMs: number } {
  const DAY = 24 * 3600_000
  const SOON = 10 * 60_000
  if (answer === undefined || answer.status >= 500 || answer.status === 429) return { rules: DISALLOW_ALL, ttlMs: SOON }
  if (answer.status >= 200 && answer.status < 300) return { rules: parseRobots(answer.text), ttlMs: DAY }
  return { rules: ALLOW_ALL, ttlMs: DAY }
}
