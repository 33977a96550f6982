// `npm run prices:update -- [--date YYYY-MM-DD] [--models-dev <checkout>]`: writes the offline price catalogue in
// src/providers/prices/data/ from the installed `@pydantic/genai-prices` and, when a checkout is named, from models.dev:
// the largest output of each model, and the prices of providers that the former lacks. Asks no network.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { matches } from '../src/providers/prices/match.ts'
import { genaiModels } from './prices/genai-prices.ts'
import type { Header, ModelLine } from './prices/line.ts'
import { type ModelsDev, modelsDev } from './prices/models-dev.ts'

const root = join(import.meta.dir, '..')
const folder = join(root, 'src/providers/prices/data')

/** Our provider, and its names in the two data sets. */
interface Source {
  readonly provider: string
  readonly genai?: string
  readonly dev?: string
  /** Models that only models.dev prices are taken from there. */
  readonly extended?: true
}

const SOURCES: readonly Source[] = [
  { provider: 'openai', genai: 'openai', dev: 'openai' },
  { provider: 'anthropic', genai: 'anthropic', dev: 'anthropic' },
  { provider: 'gemini', genai: 'google', dev: 'google' },
  { provider: 'azure', genai: 'azure', dev: 'azure' },
  { provider: 'bedrock', genai: 'aws', dev: 'amazon-bedrock' },
  { provider: 'mistral', genai: 'mistral', dev: 'mistral' },
  { provider: 'deepseek', genai: 'deepseek', dev: 'deepseek' },
  { provider: 'xai', genai: 'x-ai', dev: 'xai' },
  { provider: 'groq', genai: 'groq', dev: 'groq' },
  { provider: 'openrouter', genai: 'openrouter', dev: 'openrouter' },
  { provider: 'together', genai: 'together', dev: 'togetherai' },
  { provider: 'fireworks', genai: 'fireworks', dev: 'fireworks-ai' },
  { provider: 'cerebras', genai: 'cerebras', dev: 'cerebras' },
  { provider: 'perplexity', genai: 'perplexity', dev: 'perplexity' },
  { provider: 'moonshot', genai: 'moonshotai', dev: 'moonshotai' },
  { provider: 'zhipu', genai: 'zai', dev: 'zai', extended: true },
  { provider: 'minimax', genai: 'minimax', dev: 'minimax' },
  { provider: 'cohere', genai: 'cohere', dev: 'cohere' },
  { provider: 'qwen', dev: 'alibaba' },
]

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? undefined : process.argv[at + 1]
}

function presentLines(provider: string): ModelLine[] {
  const file = join(folder, `${provider}.jsonl`)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(1)
  return lines.filter(Boolean).map((line) => JSON.parse(line) as ModelLine)
}

/** Lines of models.dev for models that no line prices yet; without a checkout those of the present file. */
function extras(lines: readonly ModelLine[], present: readonly ModelLine[], other: ModelsDev | undefined): ModelLine[] {
  const source = other?.header.source
  const found =
    source === undefined ? present.filter((line) => line.source !== undefined) : other?.lines.map((line) => ({ ...line, source }))
  return (found ?? []).filter(({ id }) => !lines.some(({ match }) => matches(match, id)))
}

function ordered({ id, match, source, context, prices }: ModelLine, max_output: number | undefined): ModelLine {
  return { id, match, ...(source && { source }), ...(context && { context }), ...(max_output && { max_output }), prices }
}

const date = option('date') ?? new Date().toISOString().slice(0, 10)
const checkout = option('models-dev')
const ours = new Map(SOURCES.flatMap(({ provider, genai }) => (genai === undefined ? [] : [[genai, provider] as const])))

for (const { provider, genai, dev, extended } of SOURCES) {
  const other = checkout === undefined || dev === undefined ? undefined : modelsDev(checkout, dev)
  const found = genai === undefined ? other : genaiModels(genai, ours)
  if (found === undefined) {
    console.log(`${provider}: kept; its prices come from models.dev`)
    continue
  }
  const present = presentLines(provider)
  const limits = new Map(present.map(({ id, max_output }) => [id, max_output]))
  const lines = [...found.lines, ...(extended ? extras(found.lines, present, other) : [])].map((line) =>
    ordered(line, line.max_output ?? other?.limitFor(line.match) ?? limits.get(line.id)),
  )
  const header: Header = { provider, ...found.header, date }
  writeFileSync(join(folder, `${provider}.jsonl`), `${[header, ...lines].map((line) => JSON.stringify(line)).join('\n')}\n`)
  console.log(`${provider}: ${lines.length} models, ${lines.filter((line) => line.max_output !== undefined).length} with an output limit`)
}
