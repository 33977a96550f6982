// Places in text counted in characters (code points), as wires made by other languages count, against the UTF-16 units
// of our strings.

const HIGH_SURROGATE = /[\ud800-\udbff]/

/** Code points in `text` before the UTF-16 index; without one, in all of it. */
export function codePoints(text: string, index: number = text.length): number {
  const head = index >= text.length ? text : text.slice(0, index)
  if (!HIGH_SURROGATE.test(head)) return head.length
  let count = 0
  for (const _ of head) count++
  return count
}

/** The UTF-16 index behind `count` code points. */
export function utf16Index(text: string, count: number): number {
  if (!HIGH_SURROGATE.test(text)) return Math.min(count, text.length)
  let index = 0
  for (let seen = 0; seen < count && index < text.length; seen++) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1
  return index
}
