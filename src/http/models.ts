// The model lists, in the shape of whoever asks.

import { GatewayError } from '../core/errors.ts'
import type { ListedModel, Snapshot } from '../snapshot/index.ts'

export type Dialect = 'openai' | 'anthropic' | 'gemini'

/** Anthropic's clients say so by their version header (or key header); Google's by path or key header. */
export function dialectOf(headers: Headers, path: { readonly dialect?: 'gemini' }): Dialect {
  if (path.dialect === 'gemini') return 'gemini'
  if (headers.has('anthropic-version') || headers.has('x-api-key')) return 'anthropic'
  return headers.has('x-goog-api-key') || headers.has('x-goog-api-client') ? 'gemini' : 'openai'
}

const CREATED_S = 1_735_689_600
const CREATED_ISO = '2025-01-01T00:00:00Z'

export function modelList(snapshot: Snapshot, dialect: Dialect, query: URLSearchParams): object {
  const { models } = snapshot
  if (dialect === 'openai') return { object: 'list', data: models.map(openaiModel) }
  if (dialect === 'gemini') return geminiPage(models, query)
  return anthropicPage(models, query)
}

/** @throws GatewayError 404 */
export function modelEntry(snapshot: Snapshot, dialect: Dialect, id: string): object {
  const name = dialect === 'gemini' ? id.replace(/^models\//, '') : id
  const found = snapshot.models.find((model) => model.id === name)
  const routes = found === undefined ? snapshot.routes(name) : []
  const model = found ?? (routes[0] === undefined ? undefined : { id: name, ownedBy: routes[0].channel.provider.id })
  if (model === undefined)
    throw new GatewayError('model_not_found', {
      message: `The model \`${name}\` does not exist or you do not have access to it.`,
      field: 'model',
    })
  return dialect === 'openai' ? openaiModel(model) : dialect === 'gemini' ? geminiModel(model) : anthropicModel(model)
}

const openaiModel = ({ id, ownedBy }: ListedModel): object => ({ id, object: 'model', created: CREATED_S, owned_by: ownedBy })

function anthropicModel({ id }: ListedModel): object {
  return { type: 'model', id, display_name: id, created_at: CREATED_ISO, max_input_tokens: 200_000, max_tokens: 64_000 }
}

const geminiModel = ({ id }: ListedModel): object => ({
  name: `models/${id}`,
  version: '001',
  displayName: id,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
})

function anthropicPage(models: readonly ListedModel[], query: URLSearchParams): object {
  const limit = bounded(query.get('limit'), 20, 1000)
  const after = query.get('after_id')
  const before = query.get('before_id')
  let from = after === null ? 0 : models.findIndex(({ id }) => id === after) + 1
  let to = Math.min(models.length, from + limit)
  if (before !== null) {
    const index = models.findIndex(({ id }) => id === before)
    to = Math.max(index, 0)
    from = Math.max(0, to - limit)
  }
  const page = models.slice(from, to)
  return {
    data: page.map(anthropicModel),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: before === null ? to < models.length : from > 0,
  }
}

function geminiPage(models: readonly ListedModel[], query: URLSearchParams): object {
  const size = bounded(query.get('pageSize'), 50, 1000)
  const from = bounded(query.get('pageToken'), 0, models.length)
  const page = models.slice(from, from + size)
  const next = from + size
  return { models: page.map(geminiModel), ...(next < models.length && { nextPageToken: String(next) }) }
}

function bounded(text: string | null, fallback: number, max: number): number {
  const value = Number(text ?? fallback)
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback
}
