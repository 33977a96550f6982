// Amazon Bedrock: Converse for every model, and Claude in its own format through InvokeModel.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html

import { defineProvider } from '../define.ts'
import { anthropicOnCloud, withoutServerTools } from '../quirks/anthropic-clouds.ts'
import { anthropicChunks } from './quirks.ts'

export const bedrock = defineProvider({
  id: 'bedrock',
  label: 'Amazon Bedrock',
  docs: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  credentialEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
  credentialEnvParts: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  auth: { type: 'aws-sigv4', service: 'bedrock' },
  formats: [
    { format: 'bedrock-converse' },
    {
      format: 'anthropic-messages',
      path: ({ upstreamModel, stream }) =>
        `/model/${encodeURIComponent(upstreamModel)}/${stream ? 'invoke-with-response-stream' : 'invoke'}`,
      // Betas go in the body there, and an unknown one refuses the request: none is sent.
      request: [anthropicOnCloud('bedrock-2023-05-31'), withoutServerTools(() => false)],
      refusedHeaders: ['anthropic-beta', 'anthropic-version'],
      framing: 'aws-event-stream',
      frames: anthropicChunks,
      inline: ['image', 'file'],
      models: (model) => /claude/i.test(model),
    },
  ],
  models: [
    'anthropic.*',
    'us.anthropic.*',
    'eu.anthropic.*',
    'apac.anthropic.*',
    'global.anthropic.*',
    'amazon.nova-*',
    'us.amazon.nova-*',
    'eu.amazon.nova-*',
    'meta.*',
    'us.meta.*',
    'mistral.*',
    'deepseek.*',
    'us.deepseek.*',
    'cohere.*',
    'openai.gpt-oss-*',
    'qwen.*',
    'arn:aws:bedrock:*',
  ],
  settings: [{ name: 'region', label: 'AWS region', required: true, env: 'AWS_REGION', default: 'us-east-1' }],
})
