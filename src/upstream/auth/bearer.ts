// `Authorization: Bearer …`.

export function bearer(headers: Record<string, string>, secret: string): undefined {
  headers.authorization = `Bearer ${secret}`
}
