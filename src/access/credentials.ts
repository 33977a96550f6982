// Where clients put their key. Every dialect's place is read on every route, because people mix them.

interface Carrier {
  readonly headers: { get(name: string): string | null }
  readonly query: URLSearchParams
}

/** The distinct keys a request carries, in order of precedence: Bearer, x-api-key, x-goog-api-key, api-key, ?key=. */
export function presentedKeys({ headers, query }: Carrier): string[] {
  const keys: string[] = []
  const add = (value: string | null): void => {
    const key = value?.trim()
    if (key && !keys.includes(key)) keys.push(key)
  }
  const authorization = headers.get('authorization')
  if (authorization !== null) add(/^bearer\s+(.*)$/i.exec(authorization)?.[1] ?? (authorization.startsWith('sk-') ? authorization : null))
  add(headers.get('x-api-key'))
  add(headers.get('x-goog-api-key'))
  add(headers.get('api-key'))
  if (query.size > 0) add(query.get('key'))
  return keys
}
