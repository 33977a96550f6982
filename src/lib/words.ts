// Words of a text for matching: lower case, compatibility forms folded, CJK runs as overlapping pairs.
// No stemming by language; a plural `s` is dropped because it is the one that costs most matches.

const WORD = /[\p{L}\p{M}][\p{L}\p{M}\p{N}_]*|\p{N}+(?:[.,:]\p{N}+)*/gu
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const CJK_RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu

/** Words too common to tell one text from another. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  'a an and are as at be but by can do does for from had has have how i if in into is it its me my no not of on or so such that the their then there these they this to was we what when where which who why will with you your'.split(
    ' ',
  ),
)

/** The words of `text` in order, with repeats. */
export function words(text: string): string[] {
  const found: string[] = []
  for (const [word] of text.normalize('NFKC').toLowerCase().matchAll(WORD)) {
    if (CJK.test(word)) for (const [run] of word.matchAll(CJK_RUN)) addRun(run, found)
    else found.push(singular(word))
  }
  return found
}

function addRun(run: string, found: string[]): void {
  if (!CJK.test(run)) return void found.push(run)
  const points = [...run]
  if (points.length === 1) found.push(run)
  for (let i = 0; i + 1 < points.length; i++) found.push(`${points[i]}${points[i + 1]}`)
}

const singular = (word: string): string => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word)

/** The words that carry meaning; all words when nothing else is left. */
export function keyWords(text: string): string[] {
  const all = words(text)
  const kept = all.filter((word) => !STOP_WORDS.has(word))
  return kept.length > 0 ? kept : all
}

/** Whether a word is a number, date or version: what a claim stands or falls with. */
export const isNumeric = (word: string): boolean => /^\p{N}/u.test(word)

/** Rough number of model tokens: four letters each, one for each CJK character. Never 0 for a non-empty text. */
export function approximateTokens(text: string): number {
  let quarters = 0
  for (let i = 0; i < text.length; i++) quarters += text.charCodeAt(i) >= 0x2e80 ? 4 : 1
  return Math.ceil(quarters / 4)
}
