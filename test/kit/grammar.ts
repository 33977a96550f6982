// Checks a list of events against the grammar of `src/core/chat-event.ts`. Returns what is wrong.

import type { ChatEvent } from '../../src/core/chat-event.ts'

export function grammarProblems(events: readonly ChatEvent[]): string[] {
  const problems: string[] = []
  const open = new Map<string, string>()
  const seen = new Set<string>()
  const finished = new Set<number>()
  const choices = new Set<number>()
  let started = false
  let closed = false

  for (const [index, event] of events.entries()) {
    const at = `event ${index} (${event.type})`
    if (closed) problems.push(`${at} comes after the end`)
    if (event.type !== 'response-start' && event.type !== 'error' && !started) problems.push(`${at} comes before response-start`)
    if (event.type === 'response-start') {
      if (started) problems.push(`${at} is the second`)
      started = true
    }
    if ('choice' in event) {
      choices.add(event.choice)
      if (event.type !== 'finish' && finished.has(event.choice)) problems.push(`${at} comes after the finish of its choice`)
    }
    const key = 'block' in event && event.block !== undefined ? `${event.choice}/${event.block}` : undefined
    const [, kind, step] = /^(text|reasoning|tool-call|server-tool)-(start|delta|end)$/.exec(event.type) ?? []
    if (key !== undefined && kind !== undefined) {
      if (step === 'start') {
        if (seen.has(key)) problems.push(`${at} opens block ${key} again`)
        seen.add(key)
        open.set(key, kind)
      } else if (open.get(key) !== kind) problems.push(`${at} belongs to no open ${kind} block ${key}`)
      if (step === 'end') open.delete(key)
    }
    if (event.type === 'finish') {
      if (finished.has(event.choice)) problems.push(`${at} is the second of its choice`)
      finished.add(event.choice)
      for (const block of open.keys()) if (block.startsWith(`${event.choice}/`)) problems.push(`${at} leaves block ${block} open`)
    }
    if (event.type === 'end') {
      closed = true
      for (const choice of choices) if (!finished.has(choice)) problems.push(`${at} comes without a finish of choice ${choice}`)
    }
    if (event.type === 'error') closed = true
  }
  if (!closed) problems.push('the stream has neither end nor error')
  return problems
}
