// Google's Gemini API (AI Studio), in its native format. Its OpenAI endpoint tells less and is not used.

import { defineProvider } from '../define.ts'
import { classifyBy } from '../quirks/classify.ts'

export const gemini = defineProvider({
  id: 'gemini',
  label: 'Google Gemini',
  docs: 'https://ai.google.dev/api/generate-content',
  credentialEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  auth: { type: 'header', name: 'x-goog-api-key' },
  formats: [{ format: 'gemini-generate-content', hostedSearch: () => true }],
  models: [
    'gemini-4-hydrogen',
    'gemini-4-carbon',
    'gemini-4-argon',
    'gemini-3.8-flash',
    'gemini-3.7-flash',
    'gemini-3.6-flash',
    'gemini-3.5-flash',
    'gemini-3.5-flash-lite',
    'gemini-3.1-pro-preview',
    'gemini-3-pro-preview',
    'gemini-3-flash-preview',
    'gemini-2.5-pro',
    'gemini-2.5-flash',
    'gemini-2.5-flash-lite',
    'gemini-flash-latest',
    'gemini-pro-latest',
    'gemini-*',
    'gemma-*',
  ],
  // A wrong key is a 400 here: https://ai.google.dev/gemini-api/docs/troubleshooting
  classify: classifyBy({ status: 400, words: /API[_ ]key (not valid|expired|not found)|API_KEY_INVALID/i, means: 'upstream_auth' }),
})
