// The credential alone in one header of the provider's choice, such as `x-api-key`.

export function header(headers: Record<string, string>, name: string, secret: string): undefined {
  headers[name.toLowerCase()] = secret
}
