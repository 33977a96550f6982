// Function arguments that Vertex streams as pieces addressed by JSONPath. Paths come from the model:
// objects have no prototype, and indexes and depth are bounded.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling

import { isObject, type JsonObject, type JsonValue } from '../../../lib/json.ts'

const MAX_INDEX = 10_000
const MAX_STEPS = 100

type Step = string | number
type Container = JsonObject | JsonValue[]

export interface ArgumentBuilder {
  /** Takes one `partialArgs` list. Returns whether any of its pieces goes on in a later frame. */
  add(pieces: JsonValue | undefined): boolean
  /** The arguments so far, as JSON text. */
  text(): string
}

export function argumentBuilder(): ArgumentBuilder {
  const root = bareObject()
  return {
    add(pieces) {
      let goesOn = false
      for (const piece of Array.isArray(pieces) ? pieces : []) {
        if (!isObject(piece)) continue
        if (piece['willContinue'] === true) goesOn = true
        addPiece(root, piece)
      }
      return goesOn
    },
    text: () => JSON.stringify(root),
  }
}

const bareObject = (): JsonObject => Object.create(null) as JsonObject

function addPiece(root: JsonObject, piece: JsonObject): void {
  const path = piece['jsonPath']
  if (typeof path !== 'string') return
  const emptyArray = path.endsWith('[]')
  const steps = stepsOf(emptyArray ? path.slice(0, -2) : path)
  if (steps === undefined || steps.length === 0) return
  const last = steps[steps.length - 1] as Step
  const holder = holderOf(root, steps)
  if (holder === undefined) return
  const before = read(holder, last)
  const value = valueIn(piece)
  if (value === undefined) {
    // A piece without a value ends a string, or stands for an empty container.
    if (before === undefined && piece['willContinue'] !== true) write(holder, last, emptyArray ? [] : bareObject())
  } else write(holder, last, typeof before === 'string' && typeof value === 'string' ? before + value : value)
}

function valueIn(piece: JsonObject): JsonValue | undefined {
  if (piece['stringValue'] !== undefined && piece['stringValue'] !== null) return piece['stringValue']
  if (piece['numberValue'] !== undefined && piece['numberValue'] !== null) return piece['numberValue']
  if (typeof piece['boolValue'] === 'boolean') return piece['boolValue']
  return Object.hasOwn(piece, 'nullValue') ? null : undefined
}

/** The container of the last step, made on the way; `undefined` when the path runs through a value. */
function holderOf(root: JsonObject, steps: readonly Step[]): Container | undefined {
  let node: Container = root
  for (let i = 0; i < steps.length - 1; i++) {
    const step = steps[i] as Step
    let next = read(node, step)
    if (next === undefined) {
      next = typeof steps[i + 1] === 'number' ? [] : bareObject()
      if (!write(node, step, next)) return undefined
    }
    if (!Array.isArray(next) && !isObject(next)) return undefined
    node = next
  }
  return node
}

function read(node: Container, step: Step): JsonValue | undefined {
  if (Array.isArray(node)) return typeof step === 'number' ? node[step] : undefined
  return Object.hasOwn(node, String(step)) ? node[String(step)] : undefined
}

function write(node: Container, step: Step, value: JsonValue): boolean {
  if (!Array.isArray(node)) {
    node[String(step)] = value
    return true
  }
  if (typeof step !== 'number' || step > MAX_INDEX) return false
  while (node.length < step) node.push(null)
  node[step] = value
  return true
}

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y

function stepsOf(path: string): Step[] | undefined {
  const text = path.startsWith('$') ? path.slice(1) : path.startsWith('[') ? path : `.${path}`
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (match === null || steps.length >= MAX_STEPS) return undefined
    const quoted = match[3] ?? match[4]
    steps.push(match[2] !== undefined ? Number(match[2]) : quoted !== undefined ? quoted.replace(/\\(.)/g, '$1') : (match[1] as string))
  }
  return steps
}
