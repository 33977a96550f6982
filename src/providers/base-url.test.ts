// Every spelling an operator may use for a base URL.

import { describe, expect, test } from 'bun:test'
import { baseUrlOf, providerById } from './index.ts'

function base(id: string, format: string, given?: string, settings: Record<string, string> = {}): string | undefined {
  const provider = providerById(id)
  const declared = provider?.formats.find((one) => one.format === format)
  if (provider === undefined || declared === undefined) throw new Error(`${id} does not speak ${format}`)
  return baseUrlOf({ provider, declared, settings, ...(given !== undefined && { given }) })
}

describe('base URLs', () => {
  test.each([
    ['openai', 'openai-chat', undefined, 'https://api.openai.com/v1'],
    ['openai', 'openai-chat', 'http://127.0.0.1:9', 'http://127.0.0.1:9/v1'],
    ['openai', 'openai-chat', 'http://127.0.0.1:9/v1/', 'http://127.0.0.1:9/v1'],
    ['openai', 'openai-responses', 'http://127.0.0.1:9/v1/chat/completions', 'http://127.0.0.1:9/v1'],
    ['openai', 'openai-chat', 'https://host/proxy/v2', 'https://host/proxy/v2'],
    ['openai-compatible', 'openai-chat', 'http://127.0.0.1:9', 'http://127.0.0.1:9/v1'],
    ['openai-compatible', 'openai-chat', 'https://host/api/paas/v4', 'https://host/api/paas/v4'],
    ['openai-compatible', 'openai-chat', 'https://host/openai', 'https://host/openai'],
    ['openai-compatible', 'openai-chat', undefined, undefined],
    ['anthropic', 'anthropic-messages', 'http://127.0.0.1:9', 'http://127.0.0.1:9/v1'],
    ['anthropic', 'anthropic-messages', 'https://api.z.ai/api/anthropic', 'https://api.z.ai/api/anthropic/v1'],
    ['anthropic', 'anthropic-messages', 'http://127.0.0.1:9/v1/messages', 'http://127.0.0.1:9/v1'],
    ['gemini', 'gemini-generate-content', 'http://127.0.0.1:9', 'http://127.0.0.1:9/v1beta'],
    ['gemini', 'gemini-generate-content', 'http://127.0.0.1:9/v1beta/models/gemini-x:generateContent', 'http://127.0.0.1:9/v1beta'],
    ['deepseek', 'openai-chat', 'https://api.deepseek.com', 'https://api.deepseek.com/v1'],
    ['deepseek', 'anthropic-messages', 'https://api.deepseek.com', 'https://api.deepseek.com/anthropic/v1'],
    ['deepseek', 'anthropic-messages', 'https://api.deepseek.com/v1', 'https://api.deepseek.com/anthropic/v1'],
    ['zhipu', 'anthropic-messages', 'https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/anthropic/v1'],
    ['perplexity', 'openai-chat', undefined, 'https://api.perplexity.ai'],
    ['perplexity', 'openai-chat', 'http://127.0.0.1:9', 'http://127.0.0.1:9'],
    ['ollama', 'anthropic-messages', 'http://gpu:11434', 'http://gpu:11434/v1'],
    ['sandbox', 'gemini-generate-content', undefined, 'http://sandbox.invalid/v1beta'],
    ['sandbox', 'gemini-generate-content', 'http://127.0.0.1:9/v1', 'http://127.0.0.1:9/v1beta'],
    ['azure', 'openai-chat', 'https://x.openai.azure.com/', 'https://x.openai.azure.com'],
    ['azure', 'openai-responses', 'https://x.openai.azure.com/openai/v1', 'https://x.openai.azure.com'],
    ['bedrock', 'bedrock-converse', 'http://127.0.0.1:9', 'http://127.0.0.1:9'],
  ] as const)('%s %s %p', (id, format, given, expected) => {
    expect(base(id, format, given)).toBe(expected as string)
  })

  test('settings fill them in', () => {
    expect(base('azure', 'openai-chat', undefined, { resource: 'acme' })).toBe('https://acme.openai.azure.com')
    expect(base('azure', 'openai-chat', undefined, { resource: 'https://acme.openai.azure.com/' })).toBe('https://acme.openai.azure.com')
    expect(base('bedrock', 'bedrock-converse', undefined, { region: 'eu-west-1' })).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com')
    expect(base('vertex', 'anthropic-messages', undefined, { location: 'europe-west1' })).toBe(
      'https://europe-west1-aiplatform.googleapis.com',
    )
    expect(base('vertex', 'gemini-generate-content', undefined, { location: 'global' })).toBe('https://aiplatform.googleapis.com')
  })
})
