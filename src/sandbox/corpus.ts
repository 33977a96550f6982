// A tiny fixed web for the sandbox's hosted search and fetch. ASCII only, so that offsets in bytes,
// characters and code points agree and a difference shows a gateway's mistake.

import type { HostedSearch } from './prompt.ts'

export interface Hit {
  readonly url: string
  readonly title: string
  /** As vendors print it, e.g. `April 30, 2025`. */
  readonly age: string
  readonly text: string
}

const page = (url: string, title: string, age: string, ...sentences: string[]): Hit => ({ url, title, age, text: sentences.join(' ') })

export const CORPUS: readonly Hit[] = [
  page(
    'https://devblogs.example.com/typescript/announcing-typescript-5-5/',
    'Announcing TypeScript 5.5',
    'June 20, 2024',
    'TypeScript 5.5 is available through npm with the command npm install -D typescript@5.5.',
    'It brings inferred type predicates, so a filter that removes undefined narrows the element type without help.',
    'Regular expressions are now checked for syntax errors by the compiler.',
    'The isolatedDeclarations option lets other tools generate declaration files in parallel.',
  ),
  page(
    'https://docs.example.org/guides/upgrade-typescript-web-app',
    'How to update a web app to TypeScript 5.5',
    'July 8, 2024',
    'Update the typescript package first, then run the compiler with noEmit and read the new errors.',
    'Most web apps need no source change, but options deprecated in 5.0 stop working in 5.5.',
    'Remove importsNotUsedAsValues and preserveValueImports and use verbatimModuleSyntax in their place.',
    'Update the editor, the linter and the bundler plugin in the same change.',
  ),
  page(
    'https://www.example.net/blog/typescript-breaking-changes',
    'TypeScript breaking changes at a glance',
    'August 2, 2024',
    'Version 5.5 changes how undefined is handled in JSON files and makes type-only imports stricter.',
    'Teams that pin their compiler version can upgrade one package of a monorepo at a time.',
  ),
  page(
    'https://weather.example.com/us/new-york',
    'New York City weather today',
    '3 hours ago',
    'New York City is partly cloudy today with a high of 18 degrees and a low of 11 degrees Celsius.',
    'Light wind comes from the north-west and no rain is expected before Thursday.',
  ),
  page(
    'https://news.example.com/technology/weekly',
    'Technology news of the week',
    '2 days ago',
    'A group of gateway authors agreed this week on a shared test suite for streaming artificial intelligence APIs.',
    'Several browser makers shipped faster JSON parsing, and a new open model family was announced.',
  ),
  page(
    'https://encyclopedia.example.org/claude-shannon',
    'Claude Shannon',
    'April 30, 2025',
    'Claude Elwood Shannon was born on April 30, 1916, in Petoskey, Michigan.',
    'He is known as the father of information theory and worked at Bell Labs.',
  ),
  page(
    'https://travel.example.com/paris',
    'A guide to Paris',
    'May 12, 2025',
    'Paris is the capital of France and home of the Eiffel Tower, which is 330 metres high.',
    'The city is best visited in spring, when the parks are in bloom.',
  ),
  page(
    'https://docs.example.org/switchyard/sandbox-search',
    'About the sandbox search corpus',
    'January 15, 2026',
    'The sandbox searches a small fixed set of pages inside the program and never touches the network.',
    'Connect a search backend or a model provider to get answers from the real web.',
  ),
  page(
    'https://docs.example.org/switchyard/getting-started',
    'Getting started with a self-hosted gateway',
    'January 20, 2026',
    'A gateway gives every client one address and one key for all models.',
    'It keeps the wire format of the client and translates where the model speaks another one.',
  ),
]

const COMMON = new Set(
  'the and for how what who when where why does did you are was with from that this have into about can please tell update web app'.split(
    ' ',
  ),
)
const words = (text: string): string[] => (text.toLowerCase().match(/\d[\d.]*\d|[a-z0-9]{3,}/g) ?? []).filter((word) => !COMMON.has(word))
const INDEX = CORPUS.map((hit) => ({ hit, title: new Set(words(hit.title)), body: new Set(words(`${hit.text} ${hit.url}`)) }))

const MAX_HITS = 5

/** Pages that fit the query, best first. A query that fits nothing gets the pages about the sandbox itself. */
export function searchCorpus(query: string, filter: Pick<HostedSearch, 'allowed' | 'blocked'>): Hit[] {
  if (/\bno-results\b/.test(query)) return []
  const asked = [...new Set(words(query))]
  const scored = INDEX.map(({ hit, title, body }) => {
    let score = 0
    for (const word of asked) score += title.has(word) ? 3 : body.has(word) ? 1 : 0
    return { hit, score }
  }).filter(({ hit, score }) => score > 0 && permitted(hit.url, filter))
  if (scored.length === 0) return CORPUS.filter(({ url }) => url.includes('/switchyard/') && permitted(url, filter))
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_HITS)
    .map(({ hit }) => hit)
}

/** The page at an address, tolerant of a missing slash at its end. */
export const pageAt = (url: string): Hit | undefined => CORPUS.find((hit) => hit.url.replace(/\/$/, '') === url.replace(/\/$/, ''))

/** Whether the domain lists let an address through: a host covers its subdomains, a path is a prefix. */
export function permitted(url: string, { allowed, blocked }: Pick<HostedSearch, 'allowed' | 'blocked'>): boolean {
  if (allowed.length > 0 && !allowed.some((entry) => covers(entry, url))) return false
  return !blocked.some((entry) => covers(entry, url))
}

function covers(entry: string, url: string): boolean {
  const { hostname, pathname } = new URL(url)
  const slash = entry.indexOf('/')
  const host = slash < 0 ? entry : entry.slice(0, slash)
  if (hostname !== host && !hostname.endsWith(`.${host}`)) return false
  const path = slash < 0 ? '' : entry.slice(slash)
  const shape = path
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*')
  return new RegExp(`^${shape}`).test(pathname)
}

/** The first sentence of a page. */
export const firstSentence = ({ text }: Hit): string => /^.*?[.!?](?= |$)/.exec(text)?.[0] ?? text

/** A quotation as Anthropic cuts it: 150 characters, then three dots. */
export const quotation = (text: string): string => (text.length <= 150 ? text : `${text.slice(0, 150)}...`)
