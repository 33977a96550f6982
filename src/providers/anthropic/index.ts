// Anthropic: Messages.

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'

export const anthropic = defineProvider({
  id: 'anthropic',
  label: 'Anthropic',
  docs: 'https://platform.claude.com/docs/en/api/messages',
  credentialEnv: ['ANTHROPIC_API_KEY'],
  baseUrl: 'https://api.anthropic.com/v1',
  auth: { type: 'header', name: 'x-api-key' },
  formats: [{ format: 'anthropic-messages', hostedSearch: () => true }],
  models: [
    'claude-fable-5-2',
    'claude-mythos-5-2',
    'claude-opus-5-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-fable-5',
    'claude-opus-4-8',
    'claude-opus-4-7',
    'claude-opus-4-6',
    'claude-sonnet-4-6',
    'claude-opus-4-5',
    'claude-sonnet-4-5',
    'claude-haiku-4-5',
    'claude-*',
  ],
  classify: classifyBy(OUT_OF_CREDIT, { words: /credit balance is too low/i, means: 'upstream_quota' }),
})
