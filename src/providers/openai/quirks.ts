// OpenAI's own limits on what other formats leave open.

import { userAtMost } from '../quirks/openai-chat.ts'

/** `user` and `prompt_cache_key` hold 64 characters. https://platform.openai.com/docs/api-reference/chat/create#chat-create-user */
export const hashedLongUser = userAtMost(64)
