// Members of a client's request in this format.

import { inside, PDF, PIXEL, type Sample, SCHEMA, top } from './sample.ts'

const messagesTurn = { max_tokens: 4096, messages: [{ role: 'user', content: 'hi' }] }
const anthropicTool = { name: 'f', input_schema: SCHEMA }
const cache = { cache_control: { type: 'ephemeral', ttl: '1h' } }
const messagesPart = (part: object): object => ({
  ...messagesTurn,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, part] }],
})
const toolUse = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
const rounds = (use: object, result: object): object => ({
  ...messagesTurn,
  tools: [anthropicTool],
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: [use] },
    { role: 'user', content: [result] },
  ],
})
const toolResult = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } }

export const MESSAGES: readonly Sample[] = [
  ...top(messagesTurn, {
    system: 'be brief',
    stop_sequences: ['X'],
    thinking: { type: 'enabled', budget_tokens: 2000 },
    output_config: { effort: 'high' },
    metadata: { user_id: 'someone' },
    service_tier: 'standard_only',
    cache_control: { type: 'ephemeral' },
    container: 'cont_1',
    context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
    mcp_servers: [{ type: 'url', name: 's', url: 'https://x.example' }],
    diagnostics: { cache: true },
    inference_geo: 'us',
    speed: 'fast',
    thread: { type: 'create' },
    compaction: { type: 'auto' },
    fallbacks: [{ model: 'b' }],
    fallback_credit_token: 't',
    billing_policy: 'p',
    temperature: 0.3,
    top_p: 0.4,
    top_k: 5,
    tools: [anthropicTool],
    unknown_member: 1,
  }),
  ...inside('output_config', {}, (it) => ({ ...messagesTurn, output_config: it }), {
    format: { type: 'json_schema', schema: SCHEMA },
    task_budget: { type: 'tokens', total: 20000 },
  }),
  ...inside('thinking', { type: 'enabled', budget_tokens: 2000 }, (it) => ({ ...messagesTurn, thinking: it }), {
    block_binding: 'none',
    display: 'summarized',
  }),
  ...top(messagesTurn, { thinking: { type: 'between_tools' } }),
  ...inside('tool_choice', { type: 'auto' }, (it) => ({ ...messagesTurn, tools: [anthropicTool], tool_choice: it }), {
    disable_parallel_tool_use: true,
  }),
  ...inside('tools', anthropicTool, (it) => ({ ...messagesTurn, tools: [it] }), {
    description: 'what it does',
    strict: true,
    ...cache,
    allowed_callers: ['code_execution_20250825'],
    defer_loading: true,
    eager_input_streaming: true,
    input_examples: [{ a: 'x' }],
    unknown_member: 1,
  }),
  ...inside('', {}, (it) => ({ ...messagesTurn, tools: [anthropicTool, ...Object.values(it)] }), {
    code_execution: { type: 'code_execution_20250825', name: 'code_execution' },
    tool_search: { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' },
    bash: { type: 'bash_20250124', name: 'bash' },
    text_editor: { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
    memory: { type: 'memory_20250818', name: 'memory' },
    computer: { type: 'computer_20250124', name: 'computer', display_width_px: 1, display_height_px: 1 },
    mcp_toolset: { type: 'mcp_toolset', mcp_server_name: 's' },
    unknown_tool: { type: 'telepathy_20270101', name: 'telepathy' },
  }),
  ...inside('system', { type: 'text', text: 's' }, (it) => ({ ...messagesTurn, system: [it] }), cache),
  ...inside('text', { type: 'text', text: 'x' }, messagesPart, cache),
  ...inside('image', image, messagesPart, { ...cache, transformations: [{ type: 'resize' }] }),
  ...inside('document', pdf, messagesPart, { ...cache, citations: { enabled: true }, context: 'about it', title: 'Title' }),
  ...inside(
    '',
    {},
    (it) => ({ ...messagesTurn, messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, ...Object.values(it)] }] }),
    {
      search_result: { type: 'search_result', source: 'https://x.example', title: 'T', content: [{ type: 'text', text: 'found' }] },
      container_upload: { type: 'container_upload', file_id: 'file_1' },
      file_image: { type: 'image', source: { type: 'file', file_id: 'file_1' } },
      unknown_block: { type: 'hologram' },
    },
  ),
  ...inside('tool_use', toolUse, (it) => rounds(it, toolResult), { ...cache, toolset_name: 's', unknown_member: 1 }),
  ...inside('tool_result', toolResult, (it) => rounds(toolUse, it), { ...cache, is_error: true, toolset_name: 's', unknown_member: 1 }),
  ...inside(
    'messages.system',
    { role: 'system', content: 'late' },
    (it) => ({ ...messagesTurn, messages: [...messagesTurn.messages, it] }),
    {
      clear_at: 'end',
      output_config: { effort: 'low' },
    },
  ),
  ...inside(
    '',
    {},
    (it) => ({
      ...messagesTurn,
      messages: [
        ...messagesTurn.messages,
        { role: 'assistant', content: [...Object.values(it), { type: 'text', text: 'a' }] },
        ...messagesTurn.messages,
      ],
    }),
    {
      thinking: { type: 'thinking', thinking: 'hm', signature: 'sealed' },
      redacted_thinking: { type: 'redacted_thinking', data: 'sealed' },
      compaction: { type: 'compaction', content: 'summary' },
    },
  ),
]
