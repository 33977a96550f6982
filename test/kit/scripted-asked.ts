// What a scripted model was asked, read from each wire format into one shape, and the checks that real services make on
// the order of calls and results.

import type { Asked, WireFormat } from './scripted-model.ts'
import type { Received } from './upstream.ts'

type Wire = Record<string, unknown>

const list = (value: unknown): Wire[] => (Array.isArray(value) ? (value as Wire[]) : [])
const object = (value: unknown): Wire => (typeof value === 'object' && value !== null ? (value as Wire) : {})
const words = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : list(value)
        .map((part) => (typeof part === 'string' ? part : typeof part.text === 'string' ? part.text : JSON.stringify(part)))
        .join('\n')

export function formatOf(path: string): WireFormat {
  if (path.includes('enerateContent')) return 'gemini'
  if (path.includes('/chat/completions')) return 'chat'
  return path.includes('/responses') ? 'responses' : 'messages'
}

export function readAsked(received: Received): Asked {
  const format = formatOf(received.path)
  const { json } = received
  const common = { format, text: received.text, json, received, stream: json.stream === true || received.path.includes(':stream') }
  if (format === 'chat') return { ...common, ...readChat(json) }
  if (format === 'gemini') return { ...common, ...readGemini(json) }
  return { ...common, ...(format === 'messages' ? readMessages(json) : readResponses(json)) }
}

type Read = Pick<Asked, 'functions' | 'hosted' | 'choice' | 'results' | 'system' | 'maxTokens'>

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

function readChat(json: Wire): Read {
  const tools = list(json.tools)
  const choice = json.tool_choice
  const messages = list(json.messages)
  return {
    functions: tools.filter(({ type }) => type === 'function').map((tool) => String(object(tool.function).name)),
    hosted: tools.filter(({ type }) => type !== 'function'),
    choice: typeof choice === 'string' ? choice : (object(object(choice).function).name as string | undefined),
    results: messages.filter(({ role }) => role === 'tool').map(({ content }) => words(content)),
    system: messages
      .filter(({ role }) => role === 'system' || role === 'developer')
      .map(({ content }) => words(content))
      .join('\n'),
    maxTokens: numberOf(json.max_tokens) ?? numberOf(json.max_completion_tokens),
  }
}

function readGemini(json: Wire): Read {
  const tools = list(json.tools)
  const calling = object(object(json.toolConfig).functionCallingConfig)
  const allowed = list(calling.allowedFunctionNames) as unknown as string[]
  const modes: Readonly<Record<string, string>> = { ANY: 'required', NONE: 'none', AUTO: 'auto' }
  const parts = list(json.contents).flatMap((content) => list(content.parts))
  return {
    functions: tools.flatMap((tool) => list(tool.functionDeclarations).map(({ name }) => String(name))),
    hosted: tools.filter((tool) => tool.functionDeclarations === undefined),
    choice: allowed.length === 1 && calling.mode === 'ANY' ? allowed[0] : modes[String(calling.mode)],
    results: parts.filter((part) => part.functionResponse !== undefined).map((part) => resultText(object(part.functionResponse).response)),
    system: words(object(json.systemInstruction).parts),
    maxTokens: numberOf(object(json.generationConfig).maxOutputTokens),
  }
}

/** The text inside a function's response, however it was wrapped. */
function resultText(value: unknown): string {
  if (typeof value === 'string') return value
  const inner = Object.values(object(value))
  return inner.length === 1 ? resultText(inner[0]) : JSON.stringify(value)
}

function readMessages(json: Wire): Read {
  const tools = list(json.tools)
  const choice = object(json.tool_choice)
  const blocks = list(json.messages).flatMap(({ content }) => list(content))
  const isFunction = (tool: Wire): boolean => tool.input_schema !== undefined
  return {
    functions: tools.filter(isFunction).map(({ name }) => String(name)),
    hosted: tools.filter((tool) => !isFunction(tool)),
    choice: choice.type === 'tool' ? String(choice.name) : choice.type === 'any' ? 'required' : (choice.type as string | undefined),
    results: blocks.filter(({ type }) => type === 'tool_result').map(({ content }) => words(content)),
    system: words(json.system),
    maxTokens: numberOf(json.max_tokens),
  }
}

function readResponses(json: Wire): Read {
  const tools = list(json.tools)
  const choice = json.tool_choice
  const input = list(json.input)
  return {
    functions: tools.filter(({ type }) => type === 'function').map(({ name }) => String(name)),
    hosted: tools.filter(({ type }) => type !== 'function'),
    choice: typeof choice === 'string' ? choice : ((object(choice).name ?? object(choice).type) as string | undefined),
    results: input.filter(({ type }) => type === 'function_call_output').map(({ output }) => words(output)),
    system: [words(json.instructions), ...input.filter(({ role }) => role !== 'user').map(({ content }) => words(content))].join('\n'),
    maxTokens: numberOf(json.max_output_tokens),
  }
}

/** What the service would answer with 400. */
export function wrongs(asked: Asked): string[] {
  const found: string[] = []
  const twice = asked.functions.find((name, index) => asked.functions.indexOf(name) !== index)
  if (twice !== undefined) found.push(`the function ${twice} is declared twice`)
  const named = asked.choice !== undefined && !['auto', 'none', 'required'].includes(asked.choice)
  if (named && !asked.functions.includes(asked.choice as string) && asked.hosted.length === 0) {
    found.push(`tool choice ${asked.choice} is not declared`)
  }
  if (asked.choice === 'required' && asked.functions.length + asked.hosted.length === 0) found.push('a tool is required and none declared')
  return [...found, ...(asked.format === 'chat' ? chatOrder(asked.json) : asked.format === 'gemini' ? geminiOrder(asked.json) : [])]
}

function chatOrder(json: Wire): string[] {
  const found: string[] = []
  let open: string[] = []
  for (const message of list(json.messages)) {
    if (message.role === 'tool') {
      const id = String(message.tool_call_id)
      if (!open.includes(id)) found.push(`a tool message for ${id}, which nobody called`)
      open = open.filter((item) => item !== id)
      continue
    }
    if (open.length > 0) found.push(`calls without result: ${open.join(', ')}`)
    open = list(message.tool_calls).map(({ id }) => String(id))
  }
  if (open.length > 0) found.push(`calls without result at the end: ${open.join(', ')}`)
  return found
}

function geminiOrder(json: Wire): string[] {
  const found: string[] = []
  const contents = list(json.contents)
  for (const [index, content] of contents.entries()) {
    const calls = list(content.parts).filter((part) => part.functionCall !== undefined).length
    const answers = list(contents[index + 1]?.parts).filter((part) => part.functionResponse !== undefined).length
    if (calls !== answers) found.push(`turn ${index} has ${calls} calls, the next one ${answers} responses`)
  }
  return found
}
