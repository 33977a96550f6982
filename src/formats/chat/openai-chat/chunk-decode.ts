// A whole answer of an upstream from its chunks: start, choices, usage and the one end. A unary answer is
// one chunk. After an error nothing more is said.

import type { GatewayError as Failure } from '../../../core/errors.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'
import type { ChatContext } from '../format.ts'
import type { Answer, Emit } from './calls-decode.ts'
import { ChoiceDecoder } from './choice-decode.ts'
import { embeddedError } from './errors.ts'
import { toolNames } from './names.ts'
import { usageIn } from './usage.ts'
import { FORMAT, numberOf } from './wire.ts'

const TOP_KNOWN = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'obfuscation', 'x_groq', 'error'])

const NONE: readonly JsonValue[] = []

export class AnswerDecoder {
  readonly #answer: Answer
  readonly #choices = new Map<number, ChoiceDecoder>()
  #started = false
  #closed = false
  #counted = false
  #id = ''
  #model = ''
  #created: number | undefined
  #extras: JsonObject = {}
  #told = 0

  constructor(ctx: ChatContext, whole: boolean) {
    this.#answer = { ctx, names: toolNames(ctx.request), whole }
  }

  get closed(): boolean {
    return this.#closed
  }

  fail(error: Failure, emit: Emit): void {
    if (this.#closed) return
    this.#closed = true
    emit({ type: 'error', error })
  }

  /** Reads one parsed frame, or the body of a unary answer. */
  chunk(wire: JsonValue, emit: Emit): void {
    if (this.#closed) return
    if (!isObject(wire)) return this.fail(new GatewayError('upstream_malformed'), emit)
    const error = embeddedError(wire)
    if (error !== undefined) return this.fail(error, emit)
    this.#head(wire)
    try {
      this.#body(wire, emit)
    } catch (thrown) {
      this.fail(GatewayError.from(thrown), emit)
    }
  }

  #head(wire: JsonObject): void {
    const { id, model } = wire
    if (typeof id === 'string' && id !== '') this.#id = id
    if (typeof model === 'string' && model !== '') this.#model = model
    const created = numberOf(wire['created'])
    if (created !== undefined && created > 0) this.#created = created
    for (const key in wire) if (!TOP_KNOWN.has(key) && wire[key] != null && key !== '__proto__') this.#extras[key] = wire[key]
  }

  #body(wire: JsonObject, emit: Emit): void {
    const { choices } = wire
    let position = 0
    for (const choice of Array.isArray(choices) ? choices : NONE) {
      if (!isObject(choice)) continue
      this.#start(emit)
      const failure = isObject(choice['error']) ? embeddedError({ error: choice['error'] }) : undefined
      if (failure !== undefined) throw failure
      this.#choiceAt(choice, position++).push(choice, emit)
    }
    const usage = usageIn(wire)
    if (usage === undefined) return
    this.#start(emit)
    this.#counted = true
    emit({ type: 'usage', usage })
  }

  #choiceAt(choice: JsonObject, position: number): ChoiceDecoder {
    const stated = numberOf(choice['index'])
    const index = stated !== undefined && Number.isInteger(stated) && stated >= 0 ? stated : position
    // A whole answer may number all its choices alike.
    const free = this.#answer.whole && this.#choices.has(index) ? this.#choices.size : index
    let decoder = this.#choices.get(free)
    if (decoder === undefined) {
      decoder = new ChoiceDecoder(free, this.#answer)
      this.#choices.set(free, decoder)
    }
    return decoder
  }

  #start(emit: Emit): void {
    if (this.#started) return
    this.#started = true
    this.#told = Object.keys(this.#extras).length
    emit({
      type: 'response-start',
      id: this.#id,
      model: this.#model,
      ...(this.#created !== undefined && { createdMs: this.#created * 1000 }),
      ...(this.#told > 0 && { extensions: { [FORMAT]: { ...this.#extras } } }),
    })
  }

  /** `terminated`: the upstream said that it is done; without that only finished choices count as whole. */
  close(terminated: boolean, emit: Emit): void {
    if (this.#closed) return
    const choices = [...this.#choices.values()]
    const error = terminated ? this.#emptiness(choices) : this.#cut(choices)
    if (error !== undefined) return this.fail(error, emit)
    try {
      for (const choice of choices) choice.close(emit)
    } catch (thrown) {
      return this.fail(GatewayError.from(thrown), emit)
    }
    this.#closed = true
    const more = Object.keys(this.#extras).length > this.#told
    emit({ type: 'end', ...(more && { extensions: { [FORMAT]: { ...this.#extras } } }) })
  }

  #cut(choices: readonly ChoiceDecoder[]): Failure | undefined {
    const whole = choices.length > 0 && choices.every((choice) => choice.finished)
    return whole ? undefined : new GatewayError('upstream_cut')
  }

  #emptiness(choices: readonly ChoiceDecoder[]): Failure | undefined {
    const silent = choices.every((choice) => !choice.finished && !choice.produced)
    return choices.length === 0 || (silent && !this.#counted) ? new GatewayError('upstream_empty') : undefined
  }
}
