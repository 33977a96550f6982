// Members of a client's request in this format.

import { breakpoint, inside, PDF, PIXEL, type Sample, SCHEMA, top } from './sample.ts'

const chatTurn = { messages: [{ role: 'user', content: 'hi' }] }
const chatTool = { type: 'function', function: { name: 'f', parameters: SCHEMA } }
const chatPart = (part: object): object => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, part] }] })
const chatCall = { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }] }

export const CHAT: readonly Sample[] = [
  ...top(chatTurn, {
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    logit_bias: { '50256': -100 },
    max_completion_tokens: 77,
    max_tokens: 77,
    metadata: { a: 'b' },
    moderation: { model: 'omni-moderation-latest' },
    prediction: { type: 'content', content: 'x' },
    prompt_cache_key: 'k',
    prompt_cache_options: { mode: 'explicit' },
    prompt_cache_retention: '24h',
    reasoning_effort: 'high',
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: SCHEMA, strict: true } },
    safety_identifier: 'someone',
    seed: 7,
    service_tier: 'flex',
    stop: ['X'],
    temperature: 0.3,
    top_p: 0.4,
    user: 'someone',
    verbosity: 'low',
    n: 2,
    logprobs: true,
    modalities: ['text', 'audio'],
    functions: [{ name: 'f', parameters: SCHEMA }],
    tools: [chatTool],
    unknown_member: { a: 1 },
    top_k: 5,
    min_p: 0.1,
    enable_thinking: true,
    thinking: { type: 'enabled', budget_tokens: 2000 },
  }),
  ...top(chatTurn, { audio: { voice: 'alloy', format: 'mp3' } }, { modalities: ['text', 'audio'] }),
  ...top(chatTurn, { top_logprobs: 3 }, { logprobs: true }),
  ...top(
    chatTurn,
    {
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    },
    { tools: [chatTool, { type: 'function', function: { name: 'g' } }] },
  ),
  ...top(
    chatTurn,
    { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] } } },
    { tools: [chatTool, { type: 'function', function: { name: 'g' } }] },
  ),
  ...inside(
    'json_schema',
    { name: 'n', schema: SCHEMA },
    (it) => ({ ...chatTurn, response_format: { type: 'json_schema', json_schema: it } }),
    {
      description: 'what it is',
      strict: true,
    },
  ),
  ...inside('tools.function', { name: 'f' }, (it) => ({ ...chatTurn, tools: [{ type: 'function', function: it }] }), {
    description: 'what it does',
    parameters: SCHEMA,
    strict: true,
  }),
  ...inside('tools', chatTool, (it) => ({ ...chatTurn, tools: [it] }), { cache_control: { type: 'ephemeral' }, unknown_member: 1 }),
  ...inside('tools.custom', { name: 'c' }, (it) => ({ ...chatTurn, tools: [{ type: 'custom', custom: it }] }), {
    description: 'what it does',
    format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } },
  }),
  ...inside('messages.user', { role: 'user', content: 'hi' }, (it) => ({ messages: [it] }), { name: 'ann', unknown_member: 1 }),
  ...inside('messages.system', { role: 'system', content: 's' }, (it) => ({ messages: [it, ...chatTurn.messages] }), { name: 'ann' }),
  ...inside(
    'messages.assistant',
    { role: 'assistant', content: 'a' },
    (it) => ({ messages: [...chatTurn.messages, it, ...chatTurn.messages] }),
    { name: 'bob', refusal: 'no', audio: { id: 'audio_1' }, reasoning_content: 'hm', unknown_member: 1 },
  ),
  ...inside('text', { type: 'text', text: 'x' }, chatPart, breakpoint),
  ...inside('image_url', { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }, chatPart, breakpoint),
  ...inside('image_url', { url: `data:image/png;base64,${PIXEL}` }, (it) => chatPart({ type: 'image_url', image_url: it }), {
    detail: 'high',
  }),
  ...inside('file', { file_data: `data:application/pdf;base64,${PDF}` }, (it) => chatPart({ type: 'file', file: it }), {
    filename: 'a.pdf',
  }),
  ...inside('', {}, (it) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, ...Object.values(it)] }] }), {
    input_audio: { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    file_id: { type: 'file', file: { file_id: 'file-1' } },
    unknown_part: { type: 'hologram', hologram: {} },
  }),
  ...inside(
    'messages.tool',
    { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    (it) => ({ messages: [...chatTurn.messages, chatCall, it] }),
    {
      cache_control: { type: 'ephemeral' },
      unknown_member: 1,
    },
  ),
]
