// Offline evaluation of web search over the built-in corpus, without a model: how often the right page is found, how often
// a citation proves its claim, how many claims get one, and what the citation parser costs. The answers are scripted
// sentences in other words than the page, with the marker of the right source, cut at random as a stream would be.
// `npm run eval:search` prints the table; it ends with an error when a figure falls below its floor.

import { backendById } from '../src/search/index.ts'
import questions from '../src/tools/fixtures/questions.json' with { type: 'json' }
import {
  citationsFor,
  citedText,
  clearSource,
  type Evidence,
  markerParser,
  renderSearch,
  runSearch,
  SealRing,
  type SearchToolSettings,
  SourceList,
} from '../src/tools/index.ts'

const SETTINGS: SearchToolSettings = {
  kind: 'web-search',
  format: 'anthropic-messages',
  rules: { allowed: [], blocked: [] },
  responseInclusion: 'full',
  contextTokens: 8000,
  always: false,
}
const FLOORS = { 'right page first': 0.85, 'right page in top 3': 0.95, 'citation precision': 0.95, 'citation coverage': 0.99 }
const ring = new SealRing(`eval:${Buffer.alloc(32, 1).toString('base64')}`)

/** Repeatable randomness: the same cuts on every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function pieces(text: string, random: () => number): string[] {
  const cut: string[] = []
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(random() * 6)
    cut.push(text.slice(at, at + length))
    at += length
  }
  return cut
}

interface Score {
  first: number
  top: number
  claims: number
  cited: number
  citations: number
  proven: number
  unmarked: number
  unmarkedRight: number
  leaked: number
  neutralised: number
  delays: number[]
  searchMs: number[]
}

async function evidenceFor(question: string, score: Score): Promise<readonly Evidence[]> {
  const backend = backendById('fixture')
  if (backend === undefined) throw new Error('the fixture backend is missing')
  const started = performance.now()
  const outcome = await runSearch(question, SETTINGS, {
    routes: [{ backend, account: { name: 'fixture', settings: {} } }],
    call: () => Promise.reject(new Error('no network')),
    nowMs: () => 0,
  })
  score.searchMs.push(performance.now() - started)
  return outcome.ok ? outcome.evidence : []
}

function answer(item: (typeof questions)[number], found: readonly Evidence[], score: Score, random: () => number): void {
  const sources = new SourceList()
  const listed = sources.addAll(found, 'srvtoolu_eval')
  const shown = renderSearch(item.question, listed, { boundary: 'evalboundary', nowMs: 0 })
  if (!/<\|im_start\|>|\[INST\]/.test(shown)) score.neutralised++
  const number = sources.byUrl(item.url)
  if (number === undefined) return
  if (clearSource(item.claim, sources.all()) !== undefined) {
    score.unmarked++
    if (clearSource(item.claim, sources.all()) === number) score.unmarkedRight++
  }
  const text = `Here is what I found. ${item.claim} [${number}] I hope this helps.`
  score.claims++
  let block = 0
  let cited = false
  let visible = ''
  let fed = 0
  const parsing = citedText({
    parser: markerParser({ sources }),
    choice: 0,
    nextBlock: () => block++,
    cite: (claim, numbers) => citationsFor(claim, numbers, { sources, ring, tenant: 'eval' }),
  })
  const take = (event: Parameters<Parameters<typeof parsing.push>[1]>[0]): void => {
    if (event.type === 'citation') {
      cited = true
      score.citations++
      if (event.citation.citedText?.includes(item.fact)) score.proven++
    } else if (event.type === 'text-delta') {
      visible += event.text
      score.delays.push(fed - visible.length)
    }
  }
  for (const piece of pieces(text, random)) {
    fed += piece.length
    parsing.push(piece, take)
  }
  parsing.end(take)
  if (cited) score.cited++
  if (/\[\d+\]/.test(visible)) score.leaked++
}

/** Microseconds of the parser for a thousand units of cited prose. */
function parserCost(): number {
  const sources = new SourceList()
  for (let i = 0; i < 10; i++)
    sources.add({ url: `https://s${i}.example/`, title: '', pageAge: null, passages: [] }, { callId: 'c', rank: i })
  const text =
    'A sentence of plain prose that says something about costs of 4 % and more [3]. Another one without any marker follows here. '.repeat(
      200,
    )
  const cut = pieces(text, randomFrom(7))
  const rounds = 5
  const started = performance.now()
  for (let round = 0; round < rounds; round++) {
    const parser = markerParser({ sources })
    for (const piece of cut) parser.push(piece, () => {})
    parser.end(() => {})
  }
  return ((performance.now() - started) * 1000) / rounds / (text.length / 1000)
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole)
const middle = (values: readonly number[], at: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * at)] ?? 0

async function main(): Promise<void> {
  const score: Score = {
    first: 0,
    top: 0,
    claims: 0,
    cited: 0,
    citations: 0,
    proven: 0,
    unmarked: 0,
    unmarkedRight: 0,
    leaked: 0,
    neutralised: 0,
    delays: [],
    searchMs: [],
  }
  const random = randomFrom(20261120)
  for (const item of questions) {
    const found = await evidenceFor(item.question, score)
    const place = found.findIndex(({ url }) => url === item.url)
    if (place === 0) score.first++
    if (place >= 0 && place < 3) score.top++
    answer(item, found, score, random)
  }
  const figures: Record<string, number> = {
    'right page first': share(score.first, questions.length),
    'right page in top 3': share(score.top, questions.length),
    'citation precision': share(score.proven, score.citations),
    'citation coverage': share(score.cited, questions.length),
    'unmarked claims attributed': share(score.unmarked, score.claims),
    'of these to the right page': share(score.unmarkedRight, score.unmarked),
    'results without template tokens': share(score.neutralised, questions.length),
  }
  console.log(`${questions.length} questions over the built-in corpus`)
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(34)}${(value * 100).toFixed(1).padStart(7)} %`)
  console.log(`${'leaked markers'.padEnd(34)}${String(score.leaked).padStart(7)}`)
  console.log(
    `${'search, median / p95'.padEnd(34)}${middle(score.searchMs, 0.5).toFixed(2).padStart(7)} / ${middle(score.searchMs, 0.95).toFixed(2)} ms`,
  )
  console.log(
    `${'text held back, median / p95'.padEnd(34)}${String(middle(score.delays, 0.5)).padStart(7)} / ${middle(score.delays, 0.95)} units`,
  )
  console.log(`${'citation parser'.padEnd(34)}${parserCost().toFixed(0).padStart(7)} µs per 1,000 units`)
  const low = Object.entries(FLOORS).filter(([name, floor]) => (figures[name] ?? 0) < floor)
  for (const [name, floor] of low) console.log(`below its floor of ${floor * 100} %: ${name}`)
  if (low.length > 0 || score.leaked > 0) process.exitCode = 1
}

await main()
