// One sample for each member that a client of a format may send beside the bare minimum: the whole body that holds it.
// Only the top of a request and what stands directly in tools, messages and parts; values are ones that ask for something.

export interface Sample {
  /** The member, as a client would name it. */
  readonly member: string
  readonly body: object
  /** The same body without the member. */
  readonly without: object
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const PDF = 'JVBERi0xLjQKJSVFT0Y='
const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }

/** Samples from a minimal body and members to add to it. */
const top = (base: object, members: Readonly<Record<string, unknown>>, beside: object = {}): Sample[] =>
  Object.entries(members).map(([member, value]) => ({
    member,
    body: { ...base, ...beside, [member]: value },
    without: { ...base, ...beside },
  }))

/** Samples of an object that stands deep in a body. */
const inside = (label: string, host: object, place: (host: object) => object, members: Readonly<Record<string, unknown>>): Sample[] =>
  Object.entries(members).map(([member, value]) => ({
    member: `${label}.${member}`,
    body: place({ ...host, [member]: value }),
    without: place(host),
  }))

// ── Chat Completions ──────────────────────────────────────────────────────────────────────────────

const chatTurn = { messages: [{ role: 'user', content: 'hi' }] }
const chatTool = { type: 'function', function: { name: 'f', parameters: SCHEMA } }
const chatPart = (part: object): object => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }, part] }] })
const breakpoint = { prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } }
const chatCall = { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }] }

const CHAT: readonly Sample[] = [
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

// ── Responses ─────────────────────────────────────────────────────────────────────────────────────

const input = (...items: object[]): object => ({ input: items })
const user = { role: 'user', content: 'hi' }
const flatTool = { type: 'function', name: 'f', parameters: SCHEMA }
const responsePart = (part: object): object => input({ role: 'user', content: [{ type: 'input_text', text: 'hi' }, part] })
const responseCall = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }

const RESPONSES: readonly Sample[] = [
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

// ── Messages ──────────────────────────────────────────────────────────────────────────────────────

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

const MESSAGES: readonly Sample[] = [
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

// ── Gemini ────────────────────────────────────────────────────────────────────────────────────────

const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
const declaration = { name: 'f', parametersJsonSchema: SCHEMA }
const geminiPart = (part: object): object => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }, part] }] })
const inline = { inlineData: { mimeType: 'image/png', data: PIXEL } }

const GEMINI: readonly Sample[] = [
  ...top(contents, {
    systemInstruction: { parts: [{ text: 'be brief' }] },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    tools: [{ functionDeclarations: [declaration] }],
    labels: { a: 'b' },
    cachedContent: 'cachedContents/1',
    serviceTier: 'flex',
    store: true,
    continuationToken: 't',
    modelArmorConfig: { promptTemplateName: 'x' },
    unknownMember: 1,
  }),
  ...inside('generationConfig', {}, (it) => ({ ...contents, generationConfig: it }), {
    temperature: 0.3,
    topP: 0.4,
    topK: 5,
    candidateCount: 2,
    maxOutputTokens: 77,
    stopSequences: ['X'],
    responseLogprobs: true,
    presencePenalty: 0.5,
    frequencyPenalty: 0.5,
    seed: 7,
    routingConfig: { autoMode: {} },
    modelSelectionConfig: { featureSelectionPreference: 'BALANCED' },
    responseModalities: ['TEXT', 'IMAGE'],
    mediaResolution: 'MEDIA_RESOLUTION_LOW',
    audioTimestamp: true,
    imageConfig: { aspectRatio: '1:1' },
    thinkingConfig: { thinkingBudget: 2000, includeThoughts: true },
    enableAffectiveDialog: true,
    unknownMember: 1,
  }),
  ...inside('generationConfig', { responseMimeType: 'application/json' }, (it) => ({ ...contents, generationConfig: it }), {
    responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    responseJsonSchema: SCHEMA,
  }),
  ...inside('toolConfig', {}, (it) => ({ ...contents, tools: [{ functionDeclarations: [declaration] }], toolConfig: it }), {
    functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] },
    retrievalConfig: { languageCode: 'en' },
  }),
  ...inside('functionDeclarations', declaration, (it) => ({ ...contents, tools: [{ functionDeclarations: [it] }] }), {
    description: 'what it does',
    behavior: 'NON_BLOCKING',
    response: { type: 'OBJECT' },
    responseJsonSchema: SCHEMA,
  }),
  ...inside('', {}, (it) => ({ ...contents, tools: [{ functionDeclarations: [declaration] }, ...Object.values(it)] }), {
    codeExecution: { codeExecution: {} },
    googleMaps: { googleMaps: {} },
    fileSearch: { fileSearch: { fileSearchStoreNames: ['x'] } },
    computerUse: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    retrieval: { retrieval: { vertexAiSearch: {} } },
    mcpServers: { mcpServers: [{ name: 's' }] },
    unknownTool: { telepathy: {} },
  }),
  ...inside('inlineData', inline, geminiPart, { mediaResolution: { level: 'MEDIA_RESOLUTION_HIGH' }, partMetadata: { a: 1 } }),
  ...inside('video', { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }, geminiPart, { videoMetadata: { fps: 5 } }),
  ...inside('', {}, (it) => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }, ...Object.values(it)] }] }), {
    audio: { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
    fileData: { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x', mimeType: 'application/pdf' } },
    executableCode: { executableCode: { language: 'PYTHON', code: '1' } },
    unknownPart: { hologram: {} },
  }),
  ...inside(
    'functionResponse',
    { name: 'f', response: { result: 'r' } },
    (it) => ({
      contents: [
        ...contents.contents,
        { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: it }] },
      ],
    }),
    { scheduling: 'SILENT', willContinue: true, parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] },
  ),
]

export const REQUEST_MEMBERS: Readonly<Record<string, readonly Sample[]>> = {
  'openai-chat': CHAT,
  'openai-responses': RESPONSES,
  'anthropic-messages': MESSAGES,
  'gemini-generate-content': GEMINI,
}
