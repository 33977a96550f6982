// The models routes in three shapes.

import { ANTHROPIC_MODELS, GEMINI_MODELS, OPENAI_MODELS, TEST_MODELS, vendorOf } from './models.ts'

const CREATED = 1_768_478_400

export const openaiModel = (id: string): object => ({
  id,
  object: 'model',
  created: CREATED,
  owned_by: vendorOf(id) === 'sandbox' ? 'switchyard-sandbox' : 'system',
})
export const openaiModels = (): object => ({ object: 'list', data: [...OPENAI_MODELS, ...TEST_MODELS].map(openaiModel) })

export const anthropicModel = (id: string): object => ({
  type: 'model',
  id,
  display_name: `${id} (Switchyard sandbox)`,
  created_at: '2026-01-15T12:00:00Z',
  max_input_tokens: 200_000,
  max_tokens: 64_000,
  lifecycle: 'active',
  line: null,
  capabilities: null,
  deprecated_at: null,
  retires_at: null,
})

/** One page; `limit`, `after_id` and `before_id` as Anthropic reads them. */
export function anthropicModels(query: URLSearchParams): object {
  const ids: string[] = [...ANTHROPIC_MODELS, ...TEST_MODELS]
  const limit = Math.min(Math.max(Number(query.get('limit') ?? 20) || 20, 1), 1000)
  const after = ids.indexOf(query.get('after_id') ?? '')
  const before = ids.indexOf(query.get('before_id') ?? '')
  const start = before >= 0 ? Math.max(before - limit, 0) : after + 1
  const page = ids.slice(start, before >= 0 ? before : start + limit)
  const more = before >= 0 ? start > 0 : start + limit < ids.length
  return { data: page.map(anthropicModel), first_id: page[0] ?? null, last_id: page.at(-1) ?? null, has_more: more }
}

export const geminiModel = (id: string): object => ({
  name: `models/${id}`,
  version: '001',
  displayName: `${id} (Switchyard sandbox)`,
  description: 'Answers by fixed rules; no model is asked.',
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
  temperature: 1,
  topP: 0.95,
  topK: 64,
  maxTemperature: 2,
  thinking: true,
})

/** One page; `pageToken` is an index. */
export function geminiModels(query: URLSearchParams): object {
  const ids = [...GEMINI_MODELS, ...TEST_MODELS]
  const start = Number(query.get('pageToken') ?? 0) || 0
  const size = Math.min(Math.max(Number(query.get('pageSize') ?? 50) || 50, 1), 1000)
  return {
    models: ids.slice(start, start + size).map(geminiModel),
    ...(start + size < ids.length && { nextPageToken: String(start + size) }),
  }
}
