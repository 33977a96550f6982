// Members of a client's request in this format.

import { breakpoint, inside, PDF, PIXEL, type Sample, SCHEMA, top } from './sample.ts'

const input = (...items: object[]): object => ({ input: items })
const user = { role: 'user', content: 'hi' }
const flatTool = { type: 'function', name: 'f', parameters: SCHEMA }
const responsePart = (part: object): object => input({ role: 'user', content: [{ type: 'input_text', text: 'hi' }, part] })
const responseCall = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }

export const RESPONSES: readonly Sample[] = [
  ...top(
    { input: 'hi' },
    {
      access_programs: { cyber: { mode: 'on' } },
      context_management: [{ type: 'compaction', compact_threshold: 1000 }],
      image: { context_compression: 'on' },
      instructions: 'be brief',
      max_output_tokens: 77,
      metadata: { a: 'b' },
      moderation: { model: 'omni-moderation-latest' },
      prompt: { id: 'pmpt_1' },
      prompt_cache_key: 'k',
      prompt_cache_options: { mode: 'explicit' },
      prompt_cache_retention: '24h',
      reasoning: { effort: 'high' },
      safety_identifier: 'someone',
      service_tier: 'flex',
      temperature: 0.3,
      top_p: 0.4,
      top_logprobs: 2,
      truncation: 'auto',
      user: 'someone',
      text: { format: { type: 'json_schema', name: 'n', schema: SCHEMA }, verbosity: 'low' },
      tools: [flatTool],
      unknown_member: 1,
    },
  ),
  ...inside('reasoning', { effort: 'low' }, (it) => ({ input: 'hi', reasoning: it }), {
    context: 'all_turns',
    mode: 'pro',
    summary: 'auto',
  }),
  ...inside('text', {}, (it) => ({ input: 'hi', text: it }), { verbosity: 'low', unknown_member: 1 }),
  ...inside('text.format', { type: 'json_schema', name: 'n', schema: SCHEMA }, (it) => ({ input: 'hi', text: { format: it } }), {
    description: 'what it is',
    strict: true,
  }),
  ...top(
    { input: 'hi' },
    { tool_choice: { type: 'function', name: 'f' }, parallel_tool_calls: false },
    { tools: [flatTool, { ...flatTool, name: 'g' }] },
  ),
  ...inside('tools', flatTool, (it) => ({ input: 'hi', tools: [it] }), {
    description: 'what it does',
    strict: true,
    allowed_callers: ['programmatic'],
    async: true,
    defer_loading: true,
    output_schema: SCHEMA,
  }),
  ...inside('tools.custom', { type: 'custom', name: 'c' }, (it) => ({ input: 'hi', tools: [it] }), {
    description: 'what it does',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' },
    allowed_callers: ['programmatic'],
    defer_loading: true,
  }),
  ...inside('', {}, (it) => ({ input: 'hi', tools: [flatTool, ...Object.values(it)] }), {
    mcp: { type: 'mcp', server_label: 's', server_url: 'https://x.example' },
    image_generation: { type: 'image_generation' },
    file_search: { type: 'file_search', vector_store_ids: ['vs_1'] },
    computer: { type: 'computer' },
    shell: { type: 'shell' },
    apply_patch: { type: 'apply_patch' },
    local_shell: { type: 'local_shell' },
    tool_search: { type: 'tool_search', execution: 'client', description: 'find', parameters: SCHEMA },
    code_interpreter: { type: 'code_interpreter', container: { type: 'auto' } },
    namespace: { type: 'namespace', name: 'ns', description: 'd', tools: [{ type: 'function', name: 'h', parameters: SCHEMA }] },
    unknown_tool: { type: 'telepathy' },
  }),
  ...inside(
    'assistant',
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
    (it) => input(user, it, user),
    {
      phase: 'commentary',
    },
  ),
  ...inside('input_text', { type: 'input_text', text: 'x' }, responsePart, breakpoint),
  ...inside('input_image', { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` }, responsePart, {
    detail: 'high',
    ...breakpoint,
  }),
  ...inside('input_file', { type: 'input_file', file_data: `data:application/pdf;base64,${PDF}` }, responsePart, {
    filename: 'a.pdf',
    detail: 'high',
    ...breakpoint,
  }),
  ...inside('', {}, (it) => input({ role: 'user', content: [{ type: 'input_text', text: 'hi' }, ...Object.values(it)] }), {
    file_id: { type: 'input_file', file_id: 'file-1' },
    file_url: { type: 'input_file', file_url: 'https://x.example/a.pdf' },
    input_audio: { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    unknown_part: { type: 'hologram' },
  }),
  ...inside('function_call', responseCall, (it) => input(user, it, { type: 'function_call_output', call_id: 'call_1', output: 'r' }), {
    async: true,
    namespace: 'ns',
  }),
  ...inside('', {}, (it) => input(user, ...Object.values(it), user), {
    reasoning: { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'sealed' },
    mcp_call: { type: 'mcp_call', id: 'mcp_1', server_label: 's', name: 'n', arguments: '{}', output: 'o' },
    image_generation_call: { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: PIXEL },
    compaction: { type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed' },
    shell_call: { type: 'shell_call', call_id: 'c1', action: { commands: ['ls'] } },
    unknown_item: { type: 'dream', text: 'x' },
    additional_tools: { type: 'additional_tools', role: 'developer', tools: [flatTool] },
  }),
]
