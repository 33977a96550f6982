// The fate of every member that the installed SDK declares on a request, stable and beta, nested objects
// included. The compiler refuses a table that misses one. What a member's fate means: see `../format.ts`.

import type * as BetaMessages from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type * as Messages from '@anthropic-ai/sdk/resources/messages'
import type { Fates, FatesOf } from '../format.ts'

type Request = Messages.MessageCreateParamsBase & BetaMessages.MessageCreateParamsBase

const request = {
  model: 'mapped',
  messages: 'mapped',
  max_tokens: 'mapped',
  system: 'mapped',
  stream: 'mapped',
  stop_sequences: 'mapped',
  tools: 'mapped',
  tool_choice: 'mapped',
  thinking: 'mapped',
  output_config: 'mapped',
  output_format: 'mapped',
  metadata: 'mapped',
  service_tier: 'mapped',
  cache_control: 'mapped',
  container: 'carried',
  context_management: 'carried',
  mcp_servers: 'carried',
  diagnostics: 'carried',
  inference_geo: 'carried',
  speed: 'carried',
  thread: 'carried',
  compaction: 'carried',
  fallbacks: 'carried',
  fallback_credit_token: 'carried',
  billing_policy: 'carried',
  betas: 'carried',
  user_profile_id: 'carried',
  workspace_id: 'carried',
} satisfies FatesOf<Request>

/** Taken out of the SDK's types with 1.0, still sent by older clients and read by older models. */
const sampling = { temperature: 'mapped', top_p: 'mapped', top_k: 'mapped' } satisfies Fates[string]

const nested = {
  Metadata: { user_id: 'mapped' } satisfies FatesOf<Messages.Metadata>,
  OutputConfig: { effort: 'mapped', format: 'mapped', task_budget: 'carried' } satisfies FatesOf<BetaMessages.BetaOutputConfig>,
  JSONOutputFormat: { type: 'mapped', schema: 'mapped' } satisfies FatesOf<Messages.JSONOutputFormat>,
  ThinkingConfigEnabled: {
    type: 'mapped',
    budget_tokens: 'mapped',
    display: 'mapped',
    block_binding: 'carried',
  } satisfies FatesOf<BetaMessages.BetaThinkingConfigEnabled>,
  ThinkingConfigAdaptive: {
    type: 'mapped',
    display: 'mapped',
    block_binding: 'carried',
  } satisfies FatesOf<BetaMessages.BetaThinkingConfigAdaptive>,
  ThinkingConfigDisabled: { type: 'mapped' } satisfies FatesOf<Messages.ThinkingConfigDisabled>,
  ThinkingConfigBetweenTools: { type: 'carried' } satisfies FatesOf<Messages.ThinkingConfigBetweenTools>,
  ToolChoiceAuto: { type: 'mapped', disable_parallel_tool_use: 'mapped' } satisfies FatesOf<Messages.ToolChoiceAuto>,
  ToolChoiceAny: { type: 'mapped', disable_parallel_tool_use: 'mapped' } satisfies FatesOf<Messages.ToolChoiceAny>,
  ToolChoiceTool: { type: 'mapped', name: 'mapped', disable_parallel_tool_use: 'mapped' } satisfies FatesOf<Messages.ToolChoiceTool>,
  ToolChoiceNone: { type: 'mapped' } satisfies FatesOf<Messages.ToolChoiceNone>,
  CacheControlEphemeral: { type: 'mapped', ttl: 'mapped' } satisfies FatesOf<Messages.CacheControlEphemeral>,
} satisfies Fates

const tools = {
  Tool: {
    type: 'mapped',
    name: 'mapped',
    description: 'mapped',
    input_schema: 'mapped',
    strict: 'mapped',
    cache_control: 'mapped',
    allowed_callers: 'carried',
    defer_loading: 'carried',
    eager_input_streaming: 'carried',
    input_examples: 'carried',
  } satisfies FatesOf<BetaMessages.BetaTool>,
  // A server tool's declaration travels whole in `ServerTool.wire`; other formats read what they can express.
  WebSearchTool: {
    type: 'mapped',
    name: 'mapped',
    max_uses: 'mapped',
    allowed_domains: 'mapped',
    blocked_domains: 'mapped',
    user_location: 'mapped',
    cache_control: 'mapped',
    allowed_callers: 'carried',
    defer_loading: 'carried',
    response_inclusion: 'carried',
    strict: 'carried',
  } satisfies FatesOf<Messages.WebSearchTool20260318>,
  WebFetchTool: {
    type: 'mapped',
    name: 'mapped',
    max_uses: 'mapped',
    allowed_domains: 'mapped',
    blocked_domains: 'mapped',
    max_content_tokens: 'mapped',
    citations: 'mapped',
    url_sources: 'mapped',
    use_cache: 'mapped',
    cache_control: 'mapped',
    allowed_callers: 'carried',
    defer_loading: 'carried',
    response_inclusion: 'carried',
    strict: 'carried',
  } satisfies FatesOf<Messages.WebFetchTool20260318>,
  CodeExecutionTool: {
    type: 'mapped',
    name: 'mapped',
    cache_control: 'mapped',
    allowed_callers: 'carried',
    defer_loading: 'carried',
    strict: 'carried',
  } satisfies FatesOf<Messages.CodeExecutionTool20260521>,
} satisfies Fates

const messages = {
  UserMessageParam: { role: 'mapped', content: 'mapped' } satisfies FatesOf<Messages.UserMessageParam>,
  AssistantMessageParam: { role: 'mapped', content: 'mapped' } satisfies FatesOf<Messages.AssistantMessageParam>,
  SystemMessageParam: {
    role: 'mapped',
    content: 'mapped',
    clear_at: 'carried',
    output_config: 'carried',
  } satisfies FatesOf<BetaMessages.BetaSystemMessageParam>,
} satisfies Fates

const blocks = {
  TextBlockParam: {
    type: 'mapped',
    text: 'mapped',
    cache_control: 'mapped',
    citations: 'mapped',
  } satisfies FatesOf<BetaMessages.BetaTextBlockParam>,
  ImageBlockParam: {
    type: 'mapped',
    source: 'mapped',
    cache_control: 'mapped',
    transformations: 'carried',
  } satisfies FatesOf<BetaMessages.BetaImageBlockParam>,
  DocumentBlockParam: {
    type: 'mapped',
    source: 'mapped',
    cache_control: 'mapped',
    citations: 'mapped',
    context: 'mapped',
    title: 'mapped',
  } satisfies FatesOf<BetaMessages.BetaRequestDocumentBlock>,
  SearchResultBlockParam: {
    type: 'mapped',
    content: 'mapped',
    source: 'mapped',
    title: 'mapped',
    cache_control: 'mapped',
    citations: 'carried',
  } satisfies FatesOf<BetaMessages.BetaSearchResultBlockParam>,
  ThinkingBlockParam: { type: 'mapped', thinking: 'mapped', signature: 'mapped' } satisfies FatesOf<BetaMessages.BetaThinkingBlockParam>,
  RedactedThinkingBlockParam: { type: 'mapped', data: 'mapped' } satisfies FatesOf<BetaMessages.BetaRedactedThinkingBlockParam>,
  ToolUseBlockParam: {
    type: 'mapped',
    id: 'mapped',
    name: 'mapped',
    input: 'mapped',
    cache_control: 'mapped',
    caller: 'carried',
    toolset_name: 'carried',
  } satisfies FatesOf<BetaMessages.BetaToolUseBlockParam>,
  ToolResultBlockParam: {
    type: 'mapped',
    tool_use_id: 'mapped',
    content: 'mapped',
    is_error: 'mapped',
    cache_control: 'mapped',
    toolset_name: 'carried',
  } satisfies FatesOf<BetaMessages.BetaToolResultBlockParam>,
  ServerToolUseBlockParam: {
    type: 'mapped',
    id: 'mapped',
    name: 'mapped',
    input: 'mapped',
    cache_control: 'carried',
    caller: 'carried',
  } satisfies FatesOf<BetaMessages.BetaServerToolUseBlockParam>,
  WebSearchToolResultBlockParam: {
    type: 'mapped',
    tool_use_id: 'mapped',
    content: 'mapped',
    cache_control: 'carried',
    caller: 'carried',
  } satisfies FatesOf<BetaMessages.BetaWebSearchToolResultBlockParam>,
  WebFetchToolResultBlockParam: {
    type: 'mapped',
    tool_use_id: 'mapped',
    content: 'mapped',
    cache_control: 'carried',
    caller: 'carried',
  } satisfies FatesOf<BetaMessages.BetaWebFetchToolResultBlockParam>,
  ContainerUploadBlockParam: {
    type: 'carried',
    file_id: 'carried',
    cache_control: 'carried',
  } satisfies FatesOf<BetaMessages.BetaContainerUploadBlockParam>,
} satisfies Fates

export const fields: Fates = { request: { ...request, ...sampling }, ...nested, ...tools, ...messages, ...blocks }

/** The top-level members that the decoder reads; all others are carried. */
export const MAPPED_MEMBERS: ReadonlySet<string> = new Set(
  Object.entries({ ...request, ...sampling }).flatMap(([name, fate]) => (fate === 'mapped' ? [name] : [])),
)
