// Reads a checkout of models.dev (MIT): the largest output of each model, and whole prices for providers that the other
// data set lacks.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { matches } from '../../src/providers/prices/match.ts'
import type { DatedPrice, Header, ModelLine } from './line.ts'

interface ModelFile {
  readonly base_model?: string
  readonly cost?: Readonly<Record<string, unknown>> & {
    readonly tiers?: readonly (Readonly<Record<string, unknown>> & { readonly tier: { readonly size: number } })[]
  }
  readonly limit?: { readonly context?: number; readonly output?: number }
}

const WORDS = {
  input: 'input_per_million',
  output: 'output_per_million',
  cache_read: 'cached_input_per_million',
  cache_write: 'cache_write_per_million',
  reasoning: 'reasoning_per_million',
  input_audio: 'audio_input_per_million',
  output_audio: 'audio_output_per_million',
} as const

export interface ModelsDev {
  readonly header: Omit<Header, 'provider' | 'date'>
  /** Every model with a price, matched by its exact name. */
  readonly lines: readonly ModelLine[]
  /** The largest output among the models that a line's tests match. */
  limitFor(match: ModelLine['match']): number | undefined
}

export function modelsDev(checkout: string, provider: string): ModelsDev {
  const folder = join(checkout, 'providers', provider, 'models')
  const models = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.toml'))
    .sort()
    .map((name) => ({ id: name.slice(0, -'.toml'.length), file: read(join(folder, name)) }))
  const limits = models.map(({ id, file }) => ({ id, output: (file.limit ?? baseOf(checkout, file)?.limit)?.output }))
  return {
    header: { source: 'models.dev', urls: [`https://models.dev/?search=${provider}`] },
    lines: models.flatMap(({ id, file }) => lineOf(id, file, file.limit ?? baseOf(checkout, file)?.limit) ?? []),
    limitFor(match) {
      const found = limits.flatMap(({ id, output }) => (output && matches(match, id) ? [output] : []))
      return found.length === 0 ? undefined : Math.max(...found)
    },
  }
}

const read = (path: string): ModelFile => Bun.TOML.parse(readFileSync(path, 'utf8')) as ModelFile

function baseOf(checkout: string, { base_model }: ModelFile): ModelFile | undefined {
  const path = join(checkout, 'models', `${base_model}.toml`)
  return base_model !== undefined && existsSync(path) ? read(path) : undefined
}

function lineOf(id: string, { cost }: ModelFile, limit: ModelFile['limit']): ModelLine | undefined {
  if (cost === undefined || typeof cost['input'] !== 'number') return undefined
  const tiers = cost.tiers?.map(({ tier, ...rates }) => ({ above_input_tokens: tier.size, ...entry(rates) }))
  const price: DatedPrice = { ...entry(cost), ...(tiers && tiers.length > 0 && { tiers }) }
  return {
    id,
    match: [`=${id}`],
    ...(limit?.context && { context: limit.context }),
    ...(limit?.output && { max_output: limit.output }),
    prices: [price],
  }
}

function entry(rates: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(WORDS).flatMap(([key, word]) => (typeof rates[key] === 'number' ? [[word, Number(rates[key].toFixed(9))]] : [])),
  )
}
