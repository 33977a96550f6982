// Talks to the admin API of a running program, with a key or as somebody signed in.

import type { Running } from './switchyard.ts'

export interface AdminAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects.
  readonly body: any
  readonly text: string
}

export type AdminCall = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<AdminAnswer>

/** @param headers how the caller proves who it is; absent: the program's own key. */
export function adminOf(
  running: Pick<Running, 'url' | 'key'>,
  headers: Record<string, string> = { authorization: `Bearer ${running.key}` },
): AdminCall {
  return async (method, path, body, more = {}) => {
    const response = await fetch(running.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers, ...more },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      parsed = undefined
    }
    return { status: response.status, headers: response.headers, body: parsed, text }
  }
}

export const withKey = (running: Pick<Running, 'url'>, key: string): AdminCall => adminOf({ ...running, key })

/** What must succeed on the way to what is tested. @throws with the answer when it does not */
export async function done(answer: Promise<AdminAnswer>): Promise<AdminAnswer['body']> {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(`${status}: ${text}`)
  return body
}
