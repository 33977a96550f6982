// Failures of the admin API: all fields at fault at once, and how an error looks here.

import type { z } from 'zod'
import { GatewayError } from '../core/errors.ts'
import type { Reply } from './message.ts'

export interface FieldFault {
  /** Path of the member, with dots. */
  readonly field: string
  readonly message: string
}

/** A 400 that names every field at fault. */
export class FieldsError extends GatewayError {
  readonly fields: readonly FieldFault[]

  constructor(fields: readonly FieldFault[]) {
    const [first] = fields
    super('invalid_request', first === undefined ? {} : { field: first.field, message: `${first.field}: ${first.message}` })
    this.fields = fields
  }
}

export const faulty = (field: string, message: string): FieldsError => new FieldsError([{ field, message }])

/** A 409 with its reason. */
export const conflict = (message: string): GatewayError => new GatewayError('conflict', { message })

export const missing = (what: string): GatewayError => new GatewayError('not_found', { message: `There is no such ${what}.` })

/** What the schema makes of the input. @throws FieldsError */
export function parsed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new FieldsError(result.error.issues.flatMap(faults))
}

function faults(issue: z.core.$ZodIssue): FieldFault[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...path, key].join('.').slice(0, 200), message: 'is not known' }))
  return [{ field: path.join('.').slice(0, 200) || 'body', message: issue.message.slice(0, 500) }]
}

export function errorReply(error: GatewayError, requestId: string): Reply {
  const fields = error instanceof FieldsError ? error.fields : []
  const { retryAfterMs } = error.details
  return {
    status: error.status,
    body: {
      error: {
        code: error.code,
        message: error.code === 'internal' ? 'The gateway failed.' : error.message,
        field: error.details.field ?? null,
        fields,
        request_id: requestId,
      },
    },
    headers: {
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...(error.details.allow !== undefined && { allow: error.details.allow }),
      ...(error.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
    },
  }
}
