// Dividing a limit among processes so that the parts add up to it: who gets what division leaves over goes by rank.

export interface Processes {
  readonly count: number
  readonly rank: number
}

export function shareOf(limit: number, { count, rank }: Processes): number {
  const each = Math.floor(limit / count)
  return rank < limit - each * count ? each + 1 : each
}
