// Perplexity's Sonar: searches by itself and calls no tools. https://docs.perplexity.ai/api-reference/chat-completions-post

import { defineProvider } from '../define.ts'
import { classifyBy } from '../quirks/classify.ts'
import { onlyFields, outputLimitAs } from '../quirks/openai-chat.ts'
import { alternatingRoles, developerAsSystem, messageMembers } from '../quirks/openai-chat-messages.ts'
import { thinkTags } from '../quirks/think-tags.ts'
import { toolTurnsAsText } from './quirks.ts'

export const perplexity = defineProvider({
  id: 'perplexity',
  label: 'Perplexity',
  docs: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
  credentialEnv: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  baseUrl: 'https://api.perplexity.ai',
  auth: { type: 'bearer' },
  formats: [
    {
      format: 'openai-chat',
      request: [
        outputLimitAs('max_tokens'),
        developerAsSystem,
        toolTurnsAsText,
        alternatingRoles,
        messageMembers('role', 'content'),
        onlyFields(
          'model',
          'messages',
          'stream',
          'max_tokens',
          'temperature',
          'top_p',
          'top_k',
          'presence_penalty',
          'frequency_penalty',
          'response_format',
          'reasoning_effort',
          'search_mode',
          'search_domain_filter',
          'search_recency_filter',
          'search_after_date_filter',
          'search_before_date_filter',
          'return_images',
          'return_related_questions',
          'disable_search',
          'web_search_options',
        ),
      ],
      ...thinkTags,
      nativeChoices: false,
    },
  ],
  models: ['sonar', 'sonar-pro', 'sonar-reasoning-pro', 'sonar-deep-research', 'sonar*'],
  classify: classifyBy({ words: /insufficient_quota|exceeded your current quota/i, means: 'upstream_quota' }),
})
