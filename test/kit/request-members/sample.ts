// What samples of members are made of. See `index.ts`.

export interface Sample {
  /** The member, as a client would name it. */
  readonly member: string
  readonly body: object
  /** The same body without the member. */
  readonly without: object
}

export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const PDF = 'JVBERi0xLjQKJSVFT0Y='
export const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }

/** Samples from a minimal body and members to add to it. */
export const top = (base: object, members: Readonly<Record<string, unknown>>, beside: object = {}): Sample[] =>
  Object.entries(members).map(([member, value]) => ({
    member,
    body: { ...base, ...beside, [member]: value },
    without: { ...base, ...beside },
  }))

/** Samples of an object that stands deep in a body. */
export const inside = (
  label: string,
  host: object,
  place: (host: object) => object,
  members: Readonly<Record<string, unknown>>,
): Sample[] =>
  Object.entries(members).map(([member, value]) => ({
    member: `${label}.${member}`,
    body: place({ ...host, [member]: value }),
    without: place(host),
  }))

/** OpenAI's mark behind a part up to which the prompt is cached. */
export const breakpoint = { prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } }
