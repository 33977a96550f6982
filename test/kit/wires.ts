// Shortest true wire texts of each upstream format, for scripted upstreams.

const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (value: { type: string }): string => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

const chunk = (delta: object, extra: object = {}): string =>
  sse({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'up-model',
    choices: [{ index: 0, delta, finish_reason: null, ...extra }],
  })

export const chat = {
  role: chunk({ role: 'assistant', content: '' }),
  text: (text: string): string => chunk({ content: text }),
  call: (index: number, fields: object): string => chunk({ tool_calls: [{ index, ...fields }] }),
  finish: (reason: string): string => chunk({}, { finish_reason: reason }),
  usage: sse({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'up-model',
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }),
  done: 'data: [DONE]\n\n',
  body: (text: string): object => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'up-model',
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }),
}

export const messages = {
  start: named({
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'up-model',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  } as never),
  textStart: named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never),
  text: (text: string): string => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as never),
  stop: (reason = 'end_turn'): string =>
    named({ type: 'content_block_stop', index: 0 } as never) +
    named({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 5 } } as never) +
    named({ type: 'message_stop' }),
  body: (text: string): object => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'up-model',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  }),
}

export const gemini = {
  text: (text: string): string =>
    sse({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] } }], modelVersion: 'up-model' }),
  finish: (reason = 'STOP'): string =>
    sse({
      candidates: [{ index: 0, content: { role: 'model', parts: [{ text: '' }] }, finishReason: reason }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
      modelVersion: 'up-model',
    }),
  body: (text: string): object => ({
    candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: 'up-model',
  }),
}
