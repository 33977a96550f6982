// MiniMax, in OpenAI's and in Anthropic's format. https://platform.minimax.io/docs/api-reference/text-openai-api

import { defineProvider } from '../define.ts'
import { classifyBy, OUT_OF_CREDIT } from '../quirks/classify.ts'
import { answerRepair, both } from '../quirks/frames.ts'
import { outputLimitAs, temperatureAtMost, withoutFields } from '../quirks/openai-chat.ts'
import { developerAsSystem, withoutCallSignatures } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'
import { baseRespAsError, reasoningApart, warmTemperature } from './quirks.ts'

export const minimax = defineProvider({
  id: 'minimax',
  label: 'MiniMax',
  docs: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  credentialEnv: ['MINIMAX_API_KEY'],
  baseUrl: 'https://api.minimax.io/v1',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        withoutCallSignatures,
        reasoningApart,
        temperatureAtMost(1),
        warmTemperature,
        withoutFields(
          'n',
          'seed',
          'presence_penalty',
          'frequency_penalty',
          'logit_bias',
          'logprobs',
          'top_logprobs',
          'parallel_tool_calls',
          'reasoning_effort',
          'service_tier',
          'store',
          'metadata',
          'verbosity',
          'user',
          'prompt_cache_key',
        ),
      ],
      ...both(answerRepair('"base_resp"', baseRespAsError), thinkTags),
      nativeChoices: false,
    },
    // https://platform.minimax.io/docs/api-reference/text-anthropic-api
    { format: 'anthropic-messages', baseUrl: 'https://api.minimax.io/anthropic/v1', auth: { type: 'header', name: 'x-api-key' } },
  ],
  models: ['MiniMax-M2.5', 'MiniMax-M2.1', 'MiniMax-M2', 'MiniMax-M1', 'MiniMax-*'],
  classify: classifyBy(OUT_OF_CREDIT, { words: /\b1008\b|insufficient balance/i, means: 'upstream_quota' }),
})
