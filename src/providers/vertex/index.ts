// Google Vertex AI with a service account: Gemini natively, Claude through `rawPredict`, and the open models
// through its OpenAI endpoint. The project and the location stand in every path.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference

import { defineProvider, type QuirkContext } from '../define.ts'
import { anthropicOnCloud, withoutServerTools } from '../quirks/anthropic-clouds.ts'
import { outputLimitAs } from '../quirks/openai-chat.ts'
import { developerAsSystem, plainReasoning } from '../quirks/openai-chat-messages.ts'
import { withoutCallIds } from './quirks.ts'

const root = ({ settings }: QuirkContext): string =>
  `/v1/projects/${encodeURIComponent(settings.project ?? '')}/locations/${encodeURIComponent(settings.location ?? 'global')}`

const isClaude = (model: string): boolean => model.startsWith('claude')
const isOpen = (model: string): boolean => model.includes('/')

export const vertex = defineProvider({
  id: 'vertex',
  label: 'Google Vertex AI',
  docs: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  credentialEnv: ['GOOGLE_SERVICE_ACCOUNT_JSON', 'VERTEX_SERVICE_ACCOUNT_JSON', 'GOOGLE_APPLICATION_CREDENTIALS_JSON'],
  baseUrl: 'https://aiplatform.googleapis.com',
  baseUrlFrom: ({ location }) =>
    !location || location === 'global' ? 'https://aiplatform.googleapis.com' : `https://${location}-aiplatform.googleapis.com`,
  auth: { type: 'google-service-account', scope: 'https://www.googleapis.com/auth/cloud-platform' },
  formats: [
    {
      format: 'gemini-generate-content',
      path: (ctx) =>
        `${root(ctx)}/publishers/google/models/${encodeURIComponent(ctx.upstreamModel)}:${ctx.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      request: [withoutCallIds],
      hostedSearch: () => true,
      models: (model) => !isClaude(model) && !isOpen(model),
    },
    {
      format: 'anthropic-messages',
      path: (ctx) =>
        `${root(ctx)}/publishers/anthropic/models/${encodeURIComponent(ctx.upstreamModel)}:${ctx.stream ? 'streamRawPredict' : 'rawPredict'}`,
      // https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai: basic web search is the one server tool.
      request: [anthropicOnCloud('vertex-2023-10-16', ['stream']), withoutServerTools((type) => type === 'web_search_20250305')],
      refusedHeaders: ['anthropic-beta'],
      inline: ['image', 'file'],
      models: isClaude,
    },
    {
      // https://cloud.google.com/vertex-ai/generative-ai/docs/maas/call-open-model-apis
      format: 'openai-chat',
      path: (ctx) => `${root(ctx)}/endpoints/openapi/chat/completions`,
      request: [outputLimitAs('max_tokens'), developerAsSystem, plainReasoning],
      models: isOpen,
    },
  ],
  models: [
    'gemini-3.8-flash',
    'gemini-3.5-flash',
    'gemini-3.1-pro-preview',
    'gemini-2.5-pro',
    'gemini-2.5-flash',
    'claude-opus-5-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
    'gemini-*',
    'claude-*',
  ],
  settings: [
    { name: 'project', label: 'Google Cloud project id', required: true, env: 'GOOGLE_CLOUD_PROJECT' },
    { name: 'location', label: 'Location, or global', required: false, default: 'global', env: 'GOOGLE_CLOUD_LOCATION' },
  ],
})
