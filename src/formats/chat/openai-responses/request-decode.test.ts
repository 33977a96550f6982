// Clients' requests as neutral ones, and what a 400 must name.

import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../lib/json.ts'
import codex from './fixtures/codex-tools.request.json'
import { openaiResponses } from './index.ts'
import { decode, httpOf } from './test-kit.ts'

const refused = (run: () => unknown): GatewayError => {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('was accepted')
}

test('a coding agent keeps every tool, its reasoning and its turns', () => {
  const request = decode(codex)
  expect(request.messages).toMatchObject([
    { role: 'system', origin: 'developer', content: [{ text: 'You are a coding agent.' }] },
    { role: 'user', content: [{ text: 'run echo' }] },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Plan it\n\nDo it', signature: { format: 'openai-responses', value: 'gAAAA' } },
        { type: 'text', text: 'Running.', extensions: { 'openai-responses': { phase: 'commentary' } } },
        { type: 'tool-call', id: 'call_1', name: 'shell', kind: 'function', arguments: '{"command":["echo"],"n":12345678901234567890}' },
        { type: 'tool-call', id: 'call_2', name: 'apply_patch', kind: 'custom', arguments: '*** Begin Patch' },
        { type: 'tool-call', id: 'call_3', name: 'mcp__files__read', kind: 'function' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool-result', callId: 'call_1', content: [{ type: 'text', text: 'hi' }], isError: false },
        { type: 'tool-result', callId: 'call_2', kind: 'custom' },
        {
          type: 'tool-result',
          callId: 'call_3',
          content: [{ type: 'text' }, { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } }],
        },
      ],
    },
  ])
  expect(request.messages).toHaveLength(4)
  expect(request.tools.map((tool) => (tool.type === 'server' ? tool.kind : tool.name))).toEqual([
    'shell',
    'apply_patch',
    'mcp__files__read',
    'tool_search',
    'web-search',
  ])
  expect(request).toMatchObject({
    reasoning: { effort: 'medium', display: 'summarized' },
    verbosity: 'low',
    cacheKey: '0199-uuid',
    stream: true,
    toolChoice: { type: 'auto' },
  })
  expect(request.extensions['openai-responses']).toMatchObject({
    client_metadata: { x: 'y' },
    store: false,
    include: ['reasoning.encrypted_content'],
  })
})

test('a member that is mapped whole is not carried, so that nobody is told it was dropped', () => {
  const tools = [{ type: 'function', name: 'f' }]
  const reasoning = { effort: 'low', summary: 'detailed', context: 'all' }
  const request = decode({ model: 'm', input: 'Hi', tools, tool_choice: 'auto', reasoning, text: { verbosity: 'low' }, user: 'u' })
  expect(Object.keys(request.extensions['openai-responses'] ?? {})).toEqual(['reasoning'])
  expect(request.extensions['openai-responses']).toMatchObject({ reasoning: { context: 'all' } })
})

test('text, typeless items, lists and instructions', () => {
  expect(decode({ model: 'm', input: 'Hi', instructions: 'Be brief' }).messages).toEqual([
    { role: 'system', content: [{ type: 'text', text: 'Be brief' }] },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
  ])
  const items = [
    { role: 'user', content: 'A' },
    {
      role: 'assistant',
      content: [
        {
          type: 'output_text',
          text: 'B',
          annotations: [{ type: 'url_citation', url: 'https://x.y', title: 'T', start_index: 0, end_index: 1 }],
        },
      ],
    },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'C' }] },
    {
      role: 'user',
      content: [
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
        { type: 'input_image', image_url: { url: 'https://x.y/z.png' }, detail: 'low' },
      ],
    },
  ]
  expect(decode({ model: 'm', input: items }).messages).toMatchObject([
    { role: 'user' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'B', citations: [{ kind: 'url', url: 'https://x.y', title: 'T', span: { start: 0, end: 1 } }] },
        { type: 'refusal', text: 'C' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'file', name: 'a.pdf', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' } },
        { type: 'image', detail: 'low', source: { kind: 'url' } },
      ],
    },
  ])
})

test('tools inside the input join the others, and items of hosted tools are carried whole', () => {
  const request = decode({
    model: 'm',
    tools: [{ type: 'function', name: 'a' }],
    input: [
      {
        type: 'additional_tools',
        role: 'developer',
        tools: [
          { type: 'function', name: 'b' },
          { type: 'function', name: 'a', description: 'again' },
        ],
      },
      { type: 'local_shell_call', id: 'l', call_id: 'c', status: 'completed', action: { type: 'exec', command: ['ls'], env: {} } },
      { type: 'local_shell_call_output', id: 'c', output: 'x' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', queries: ['q'] } },
    ],
  })
  expect(request.tools).toMatchObject([{ name: 'a', description: 'again' }, { name: 'b' }])
  expect(request.messages).toMatchObject([
    {
      role: 'assistant',
      content: [
        { type: 'opaque', format: 'openai-responses', wire: { type: 'local_shell_call' } },
        { type: 'opaque', format: 'openai-responses', wire: { type: 'local_shell_call_output' } },
        { type: 'server-tool-call', name: 'web_search', input: { query: 'q' } },
      ],
    },
  ])
})

test('tool choice in every shape', () => {
  const tools = [
    { type: 'function', name: 'f' },
    { type: 'custom', name: 'c' },
    { type: 'web_search_preview' },
    { type: 'namespace', name: 'n', description: '', tools: [{ type: 'function', name: 'g' }] },
  ]
  const choice = (tool_choice: unknown): unknown => decode({ model: 'm', input: 'x', tools, tool_choice }).toolChoice
  expect(choice('required')).toEqual({ type: 'required' })
  expect(choice({ type: 'function', name: 'f' })).toEqual({ type: 'tool', name: 'f' })
  expect(choice({ type: 'custom', name: 'c' })).toEqual({ type: 'tool', name: 'c' })
  expect(choice({ type: 'web_search' })).toEqual({ type: 'tool', name: 'web_search', server: true })
  expect(
    choice({
      type: 'allowed_tools',
      mode: 'required',
      tools: [
        { type: 'function', name: 'f' },
        { type: 'function', namespace: 'n', name: 'g' },
      ],
    }),
  ).toEqual({ type: 'allowed', names: ['f', 'n__g'], required: true })
  expect(refused(() => choice({ type: 'function', name: 'nope' })).details.field).toBe('tool_choice')
  expect(refused(() => choice('sometimes')).details.field).toBe('tool_choice')
  expect(decode({ model: 'm', input: 'x', tools: [], tool_choice: 'required' }).toolChoice).toBeUndefined()
})

test('formats, log probabilities and limits', () => {
  const request = decode({
    model: 'm',
    input: 'x',
    text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: null } },
    include: ['message.output_text.logprobs'],
    top_logprobs: 2,
    max_output_tokens: 5,
    top_p: 0.5,
    user: 'u',
    parallel_tool_calls: false,
  })
  expect(request).toMatchObject({
    responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object' } },
    logprobs: { top: 2 },
    maxOutputTokens: 5,
    topP: 0.5,
    endUser: 'u',
    parallelToolCalls: false,
  })
  expect(request.responseFormat).not.toHaveProperty('strict')
})

describe('what needs stored state is refused before anything is sent', () => {
  const cases: [string, JsonObject][] = [
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: { id: 'conv_1' } }],
    ['background', { background: true }],
    ['input[1].type', { input: ['x', { type: 'item_reference', id: 'msg_1' }] }],
  ]
  for (const [field, body] of cases) {
    test(field, () => {
      const error = refused(() => openaiResponses.peek(httpOf({ model: 'm', input: 'x', ...body })))
      expect([error.status, error.details.field]).toEqual([400, field])
      expect(error.message).toContain(field === 'input[1].type' ? 'item_reference' : field)
    })
  }
  test('null and false are as good as absent', () => {
    expect(decode({ model: 'm', input: 'x', previous_response_id: null, conversation: null, background: false }).model).toBe('m')
  })
})

describe('wrong types are a 400 that names the field', () => {
  const base = { model: 'm', input: 'x' }
  const cases: [string, unknown][] = [
    ['model', { input: 'x' }],
    ['model', { ...base, model: 7 }],
    ['input', { model: 'm' }],
    ['input', { model: 'm', input: 3 }],
    ['input[0]', { model: 'm', input: ['text'] }],
    ['input[0]', { model: 'm', input: [null] }],
    ['input[0].role', { model: 'm', input: [{ role: 'tool', content: 'x' }] }],
    ['input[0].content', { model: 'm', input: [{ role: 'user' }] }],
    ['input[0].content', { model: 'm', input: [{ role: 'user', content: 5 }] }],
    ['input[0].content[0]', { model: 'm', input: [{ role: 'user', content: [3] }] }],
    ['input[0].content[0].type', { model: 'm', input: [{ role: 'user', content: [{ type: 'hologram' }] }] }],
    [
      'input[0].content[0].image_url',
      { model: 'm', input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,!!' }] }] },
    ],
    [
      'input[0].content[0].image_url',
      { model: 'm', input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'not a url' }] }] },
    ],
    ['input[0].call_id', { model: 'm', input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }],
    ['input[0].type', { model: 'm', input: [{}] }],
    ['instructions', { ...base, instructions: 4 }],
    ['stream', { ...base, stream: 'yes' }],
    ['temperature', { ...base, temperature: 3 }],
    ['temperature', { ...base, temperature: '1' }],
    ['top_p', { ...base, top_p: -1 }],
    ['max_output_tokens', { ...base, max_output_tokens: 0 }],
    ['max_output_tokens', { ...base, max_output_tokens: 1.5 }],
    ['tools', { ...base, tools: {} }],
    ['tools[0]', { ...base, tools: ['f'] }],
    ['tools[0].name', { ...base, tools: [{ type: 'function' }] }],
    ['tools[0].parameters', { ...base, tools: [{ type: 'function', name: 'f', parameters: 'x' }] }],
    ['reasoning.effort', { ...base, reasoning: { effort: 'extreme' } }],
    ['reasoning', { ...base, reasoning: 'high' }],
    ['text.format.schema', { ...base, text: { format: { type: 'json_schema', name: 'n' } } }],
    ['text.format.type', { ...base, text: { format: { type: 'yaml' } } }],
    ['metadata', { ...base, metadata: [] }],
    ['include', { ...base, include: [1] }],
    ['parallel_tool_calls', { ...base, parallel_tool_calls: 1 }],
    ['top_logprobs', { ...base, top_logprobs: 21 }],
  ]
  for (const [field, body] of cases) {
    test(`${field}: ${JSON.stringify(body).slice(0, 80)}`, () => {
      const error = refused(() => decode(body))
      expect([error.status, error.details.field]).toEqual([400, field])
    })
  }
})

test('peek reads without decoding', () => {
  expect(openaiResponses.peek(httpOf(codex))).toEqual({
    model: 'gpt-5.5',
    stream: true,
    choices: 1,
    hasTools: true,
    framing: 'sse',
    serverTools: ['web-search'],
  })
})

test('hostile bodies never end in anything but a 400', () => {
  const junk: unknown[] = [null, 0, '', 'x', true, [], [null], {}, { type: null }, { type: 'function' }, [[]], { a: { b: 1 } }]
  const members = [
    'input',
    'instructions',
    'tools',
    'tool_choice',
    'text',
    'reasoning',
    'include',
    'metadata',
    'stream',
    'user',
    'prompt',
    'max_output_tokens',
    'temperature',
    'store',
  ]
  const types = [
    'message',
    'function_call',
    'function_call_output',
    'custom_tool_call',
    'custom_tool_call_output',
    'reasoning',
    'web_search_call',
    'additional_tools',
    'mcp_call',
  ]
  const bodies = members.flatMap((member) => junk.map((value) => ({ model: 'm', input: 'x', [member]: value })))
  for (const type of types) {
    for (const value of junk) {
      for (const member of ['content', 'output', 'summary', 'tools', 'action', 'arguments', 'name', 'role']) {
        bodies.push({
          model: 'm',
          input: [{ type, role: 'user', name: 'n', call_id: 'c', content: 'x', output: 'y', [member]: value }],
        } as never)
      }
    }
  }
  let accepted = 0
  for (const body of bodies) {
    try {
      openaiResponses.peek(httpOf(body))
      decode(body)
      accepted++
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(GatewayError)
      expect((thrown as GatewayError).status).toBe(400)
    }
  }
  expect(accepted).toBeGreaterThan(100)
})

test('a result may name its tool instead of the call', () => {
  const call = (call_id: string): JsonObject => ({ type: 'function_call', call_id, name: 'f', arguments: '{}' })
  const { messages } = decode({
    model: 'm',
    input: [
      call('a'),
      call('b'),
      { type: 'function_call_output', name: 'f', output: '1' },
      { type: 'function_call_output', name: 'f', output: '2' },
    ],
  })
  expect(messages[1]?.content).toMatchObject([{ callId: 'a' }, { callId: 'b' }])
  expect(refused(() => decode({ model: 'm', input: [{ type: 'function_call_output', name: 'g', output: '1' }] })).details.field).toBe(
    'input[0].call_id',
  )
})
