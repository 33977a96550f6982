// What clients send and the mock upstream answers, rendered once. Sizes are those of an ordinary chat turn: some 2 kB of
// messages, an answer of 1 kB, events of 200 bytes.

export type Dialect = 'openai' | 'anthropic'

const SENTENCE = 'The quick brown fox jumps over the lazy dog while the sun sets behind the hills. '
const HISTORY = [
  { role: 'user', content: SENTENCE.repeat(6) },
  { role: 'assistant', content: SENTENCE.repeat(8) },
  { role: 'user', content: `${SENTENCE.repeat(8)} «Straße» 東京 "quoted"\n` },
]

/** An OpenAI chat request; `imageBytes` adds one base64 image that makes the body about that long. */
export function chatRequest(model: string, options: { stream: boolean; imageBytes?: number }): string {
  const messages: object[] = [{ role: 'system', content: SENTENCE.repeat(3) }, ...HISTORY]
  if (options.imageBytes !== undefined) {
    // A PNG's first bytes, so that whoever looks at the type finds one.
    const image = `iVBORw0KGgo${'A'.repeat(Math.max(0, options.imageBytes - 13))}A=`.slice(0, options.imageBytes & ~3)
    messages.push({
      role: 'user',
      content: [
        { type: 'text', text: 'What is on this picture?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
      ],
    })
  }
  return JSON.stringify({
    model,
    messages,
    temperature: 0.7,
    max_tokens: 512,
    stream: options.stream,
    ...(options.stream && { stream_options: { include_usage: true } }),
  })
}

/** Tokens that every answer reports. */
export const ANSWER_USAGE = { input: 420, output: 210 }
const { input, output } = ANSWER_USAGE
const OPENAI_USAGE = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
const ANTHROPIC_USAGE = { input_tokens: input, output_tokens: output }

/** The whole answer of a unary call. */
export function unaryAnswer(dialect: Dialect): string {
  const text = SENTENCE.repeat(12)
  if (dialect === 'anthropic') {
    return JSON.stringify({
      id: 'msg_bench',
      type: 'message',
      role: 'assistant',
      model: 'bench',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: ANTHROPIC_USAGE,
    })
  }
  return JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'bench',
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: OPENAI_USAGE,
  })
}

/** The frames of a streamed answer: a beginning, `events` deltas, an ending with usage. */
export function streamFrames(dialect: Dialect, events: number): { head: string[]; deltas: string[]; tail: string[] } {
  const words = Array.from({ length: events }, (_, index) => ` word-${index}`)
  if (dialect === 'anthropic') {
    const frame = (data: { type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
    const message = {
      id: 'msg_bench',
      type: 'message',
      role: 'assistant',
      model: 'bench',
      content: [],
      stop_reason: null,
      stop_sequence: null,
    }
    const start = { type: 'message_start', message: { ...message, usage: { ...ANTHROPIC_USAGE, output_tokens: 1 } } }
    const end = { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: ANTHROPIC_USAGE }
    const open = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    const delta = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
    return {
      head: [frame(start), frame(open)],
      deltas: words.map((word) => frame(delta(word))),
      tail: [frame({ type: 'content_block_stop', ...{ index: 0 } }), frame(end), frame({ type: 'message_stop' })],
    }
  }
  const piece = (choices: object[], more: object = {}): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'bench', system_fingerprint: 'fp_bench', choices, ...more })}\n\n`
  const choice = (delta: object, finish: string | null = null) => [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  return {
    head: [piece(choice({ role: 'assistant', content: '' }))],
    deltas: words.map((content) => piece(choice({ content }))),
    tail: [piece(choice({}, 'stop')), piece([], { usage: OPENAI_USAGE }), 'data: [DONE]\n\n'],
  }
}
