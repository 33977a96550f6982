// A scripted turn with names and ids settled, and what every wire format needs to spell it.

export type Wire = Record<string, unknown>

/** A piece with names and ids settled. */
export type Said =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'think'; readonly text: string; readonly signature?: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly json: string; readonly signature?: string }
  | { readonly kind: 'block'; readonly wire: Wire }

export interface Context {
  readonly usage: { readonly input: number; readonly output: number }
  readonly end: 'stop' | 'calls' | 'length' | 'pause_turn'
  readonly round: number
}

export interface WireOf {
  stream(said: readonly Said[], context: Context): Iterable<string | number | 'hang'>
  whole(said: readonly Said[], context: Context): Wire
}

export const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
export const named = (value: Wire): string => `event: ${String(value.type)}\n${sse(value)}`
export const textOf = (said: readonly Said[]): string => said.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
export const thoughtOf = (said: readonly Said[]): string => said.map((piece) => (piece.kind === 'think' ? piece.text : '')).join('')
export const callsOf = (said: readonly Said[]): Extract<Said, { kind: 'call' }>[] => said.filter((piece) => piece.kind === 'call')
export const halves = (text: string): [string, string] => [text.slice(0, text.length / 2), text.slice(text.length / 2)]
