// Call ids of a Gemini conversation. Clients may leave ids out, invent them or repeat them from turn to
// turn; the neutral model wants them unique. Made-up ids depend on position alone, so that the same
// conversation always reads the same.

interface Pending {
  readonly name: string
  readonly wireId: string | undefined
  readonly id: string
  answered: boolean
}

export interface Pairing {
  /** A call's neutral id. */
  call(name: string, wireId: string | undefined): string
  /** The neutral id and the name of the call that a result answers; an unknown one gets an id of its own. */
  result(name: string | undefined, wireId: string | undefined): { readonly id: string; readonly name: string | undefined }
}

export function pairing(explicitIds: ReadonlySet<string>): Pairing {
  const taken = new Set<string>()
  const calls: Pending[] = []
  let made = 0

  function fresh(): string {
    for (;;) {
      const id = `call_${made++}`
      if (!taken.has(id) && !explicitIds.has(id)) return id
    }
  }

  return {
    call(name, wireId) {
      const id = wireId === undefined || taken.has(wireId) ? fresh() : wireId
      taken.add(id)
      calls.push({ name, wireId, id, answered: false })
      return id
    },
    result(name, wireId) {
      const open = calls.filter((call) => !call.answered)
      const match =
        (wireId !== undefined
          ? (open.find((call) => call.wireId === wireId) ?? calls.findLast((call) => call.wireId === wireId))
          : undefined) ??
        open.find((call) => (wireId === undefined || call.wireId === undefined) && call.name === name) ??
        (name === undefined && wireId === undefined ? open[0] : undefined)
      if (match !== undefined) {
        match.answered = true
        return { id: match.id, name: match.name }
      }
      const id = wireId !== undefined && !taken.has(wireId) ? wireId : fresh()
      taken.add(id)
      return { id, name }
    },
  }
}
