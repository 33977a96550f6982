// Some OpenAI models now and then write their internal dispatch as a call: a function `parallel` whose
// arguments hold several calls (https://github.com/vercel/ai/issues/19098). When the client declared no such
// tool but all that are named inside, it gets those calls.

import { asArray, asObject, asString, isObject, type JsonObject, tryParseJson } from '../../../lib/json.ts'
import type { Answer, ItemReader } from './answer.ts'
import { callReader } from './items-stream.ts'

const NAMES = ['parallel', 'multi_tool_use.parallel', 'multi_tool_use_parallel']

export function isDispatch(answer: Answer, item: JsonObject): boolean {
  const name = asString(item['name'])
  return name !== undefined && NAMES.includes(name) && !answer.declares(name)
}

/** Waits for the whole call: only then is it known what it holds. */
export function dispatchReader(answer: Answer): ItemReader {
  return {
    event: () => {},
    done(item) {
      const calls = nestedCalls(answer, item)
      for (const call of calls ?? [item]) callReader(answer, 'function').done(call)
    },
    close: () => {},
  }
}

function nestedCalls(answer: Answer, item: JsonObject): JsonObject[] | undefined {
  const uses = asArray(asObject(tryParseJson(asString(item['arguments']) ?? ''))?.['tool_uses'])
  if (uses === undefined || uses.length === 0 || !uses.every(isObject)) return undefined
  const calls = uses.map((use, index) => ({
    call_id: `${asString(item['call_id']) || answer.freshId('call_')}_${index}`,
    name: (asString(use['recipient_name']) ?? '').replace(/^functions\./, ''),
    arguments: JSON.stringify(use['parameters'] ?? {}),
  }))
  return calls.every((call) => answer.declares(call.name)) ? calls : undefined
}
