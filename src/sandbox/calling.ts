// Which declared tool to call, and with what. A model that only pretends to think needs plain rules:
// a forced choice is obeyed, a tool that is named is called, a word of a tool's name is enough when few are declared.

import { asArray, asObject, asString, type JsonObject, type JsonValue } from '../lib/json.ts'
import { COMMAND, instanceOf } from './instance.ts'
import type { DeclaredTool, Prompt } from './prompt.ts'
import type { CallBlock } from './script.ts'

const SHELL =
  /^(bash|shell|local_shell|exec|exec_command|execute_command|run_command|run_shell_command|run_terminal_cmd|run_in_terminal|terminal|container\.exec|shell_command)$/i

/** Words that say what a tool does, not what it is about. */
const VERBS = new Set(
  'get set find list read write edit run call make create update delete search fetch send show view open current tool function data info user the and for with from into'.split(
    ' ',
  ),
)
const FEW_TOOLS = 5

/** Tools that may be called here. */
export function callable({ tools, toolChoice }: Prompt): readonly DeclaredTool[] {
  const { mode, names } = toolChoice
  if (mode === 'none') return []
  return names === undefined ? tools : tools.filter(({ name }) => names.includes(name))
}

/** The tool a plain answer calls: forced, or clearly asked for. */
export function wantedTool(prompt: Prompt): DeclaredTool | undefined {
  const tools = callable(prompt)
  if (tools.length === 0) return undefined
  const asked = askedFor(tools, withoutReminders(prompt.text))
  return asked ?? (prompt.toolChoice.mode === 'required' && prompt.search?.forced !== true ? tools[0] : undefined)
}

/** The tool `test/tool-call` calls: one that was asked for, else a shell, else the first. */
export function anyTool(prompt: Prompt): DeclaredTool | undefined {
  const tools = callable(prompt)
  return askedFor(tools, withoutReminders(prompt.text)) ?? tools.find(({ name }) => SHELL.test(name)) ?? tools.find(isPlain) ?? tools[0]
}

const isPlain = ({ kind }: DeclaredTool): boolean => kind !== 'custom'

// Agents put notes of their own, full of tool names, into the user's message.
const withoutReminders = (text: string): string => text.replace(/<([\w-]*(?:reminder|context|instructions)[\w-]*)>[\s\S]*?<\/\1>/g, '')

function askedFor(tools: readonly DeclaredTool[], text: string): DeclaredTool | undefined {
  const lower = text.toLowerCase()
  if (/^\s*(please )?(run|execute) /i.test(text)) {
    const shell = tools.find(({ name }) => SHELL.test(name))
    if (shell !== undefined) return shell
  }
  const named = tools.find(({ name }) => isNamed(name, lower))
  if (named !== undefined || tools.length > FEW_TOOLS) return named
  return tools.find(({ name }) => topicOf(name).some((word) => lower.includes(word)))
}

function isNamed(name: string, lower: string): boolean {
  const wanted = name.toLowerCase()
  if (wanted === '' || !lower.includes(wanted)) return false
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  // A plain word such as `Write` or `Task` is not a request; an identifier is.
  if (/[_\-.:\d]|[a-z][A-Z]/.test(name)) return new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`).test(lower)
  return new RegExp(
    `\\b(?:use|using|call|invoke|run|with) (?:the )?["'\`]?${escaped}\\b|["'\`]${escaped}["'\`]|\\b${escaped} (?:tool|function)\\b`,
  ).test(lower)
}

function topicOf(name: string): string[] {
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
  return parts.length < 2 ? [] : parts.filter((word) => word.length >= 4 && !VERBS.has(word))
}

/** The call itself, with the fewest arguments its schema accepts. */
export function callOf(tool: DeclaredTool, prompt: Prompt): CallBlock {
  const { name, namespace } = tool
  const text = withoutReminders(prompt.text).trim()
  const input = tool.kind === 'custom' ? 'echo hello' : JSON.stringify(argumentsFor(tool, text))
  return { kind: 'call', name, type: tool.kind, input, ...(namespace !== undefined && { namespace }) }
}

function argumentsFor({ schema }: DeclaredTool, text: string): JsonObject {
  const value = instanceOf(schema ?? { type: 'object' }, { sparse: true, hint: (name, property) => hint(name, property, text) })
  return asObject(value) ?? {}
}

function hint(name: string, schema: JsonObject, text: string): JsonValue | undefined {
  if (schema.enum !== undefined || schema.const !== undefined || schema.format !== undefined || schema.pattern !== undefined)
    return undefined
  const types = (asArray(schema.type) ?? [schema.type ?? 'string']).map((type) => String(type).toLowerCase())
  if (COMMAND.test(name)) {
    if (types.includes('array'))
      return ['string', undefined].includes(asString(asObject(schema.items)?.type)?.toLowerCase()) ? ['echo', 'hello'] : undefined
    return types.includes('string') ? 'echo hello' : undefined
  }
  if (!types.includes('string') || schema.maxLength !== undefined || schema.minLength !== undefined) return undefined
  if (/city|location|place/i.test(name))
    return /\b(?:in|for|at|of) ([A-Z][\p{L}-]+(?: [A-Z][\p{L}-]+)*(?:, [A-Z]{2})?)/u.exec(text)?.[1] ?? 'Paris'
  if (/path|file/i.test(name)) return 'README.md'
  return /query|question|text|prompt|input|message|search/i.test(name) && text !== '' ? text.slice(0, 80) : undefined
}
