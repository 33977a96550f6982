// Values spoiled at one random place, the same ones in every run.

/** Numbers from 0 to 1, by mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

const JUNK: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, '', 'x', '\ud800', [], {}, [null], [[]], [{}], { a: 1 }, { type: null }, { type: 'x' }],
  ...[[{ type: 5 }], [{ type: 'text' }], [{ role: null }], [{ role: 'user', content: [null] }], [{ type: 'function', function: null }]],
  ...['x'.repeat(100_000), nested(3_000)],
]

/** A copy in which one member, anywhere, is gone, doubled or another thing. */
export function spoiled<T>(value: T, random: () => number): T {
  const copy = structuredClone(value)
  const places: { holder: Record<string, unknown>; key: string }[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push({ holder: node as Record<string, unknown>, key })
      walk((node as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const place = places[Math.floor(random() * places.length)]
  if (place === undefined) return copy
  const { holder, key } = place
  const turn = random()
  if (turn < 0.1) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
  } else if (turn < 0.15 && Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(holder[Number(key)]))
  else holder[key] = JUNK[Math.floor(random() * JUNK.length)]
  return copy
}
