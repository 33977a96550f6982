// What an upstream refuses, before a wire prints it in its own shape.

export interface FailureDetail {
  /** OpenAI: the parameter at fault. */
  readonly param?: string
  /** OpenAI: the machine-readable code. */
  readonly code?: string
  readonly retryAfterSeconds?: number
  /** Gemini: the path of an unknown or malformed member. */
  readonly field?: string
}

/** A refusal with its HTTP status. Thrown by readers, printed by wires. */
export class Failure extends Error {
  readonly status: number
  readonly detail: FailureDetail

  constructor(status: number, message: string, detail: FailureDetail = {}) {
    super(message)
    this.status = status
    this.detail = detail
  }
}

/** A refusal as a wire prints it. */
export interface FailureBody {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const RETRY: Readonly<Record<number, string>> = {}

/** `retry-after` when the failure names a wait. */
export const retryHeaders = ({ detail }: Failure): Readonly<Record<string, string>> =>
  detail.retryAfterSeconds === undefined ? RETRY : { 'retry-after': String(detail.retryAfterSeconds) }
