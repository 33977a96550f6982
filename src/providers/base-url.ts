// The base URL of one format of a channel: the provider's own, or the operator's in any usual spelling.

import type { Provider, ProviderFormat } from './define.ts'

export interface BaseUrlParts {
  readonly provider: Provider
  readonly declared: ProviderFormat
  /** As the operator wrote it: a bare host, with version segment, or a whole endpoint path. */
  readonly given?: string
  readonly settings: Readonly<Record<string, string>>
}

/** The version segment of each format's paths, and whether its own SDK leaves it out of a base URL. */
const VERSIONS: Readonly<Record<string, { readonly segment: string; readonly implied: boolean }>> = {
  'openai-chat': { segment: '/v1', implied: false },
  'openai-responses': { segment: '/v1', implied: false },
  'anthropic-messages': { segment: '/v1', implied: true },
  'gemini-generate-content': { segment: '/v1beta', implied: true },
}
const ENDPOINT = /\/(chat\/completions|completions|responses|messages|models(\/[^/]+:\w+)?)$/
const VERSIONED = /\/v\d+\w*$/

/** Without trailing slash; `undefined` when the operator must give one and did not. */
export function baseUrlOf({ provider, declared, given, settings }: BaseUrlParts): string | undefined {
  const main = provider.baseUrlFrom?.(settings) ?? provider.baseUrl
  const own = declared.baseUrl ?? main
  if (given === undefined || given === '') return own === undefined ? undefined : trimmed(filled(own, settings))
  let text = trimmed(given).replace(ENDPOINT, '')
  if (provider.baseUrlTail !== undefined) text = text.replace(provider.baseUrlTail, '')
  const version = VERSIONS[declared.format]
  const path = own === undefined ? (version?.segment ?? '') : pathOf(own)
  const givenPath = pathOf(text)
  if (givenPath === '') return text + path
  const mainPath = main === undefined ? '' : pathOf(main)
  // One address stands for all dialects of a host: where it names the main one's path, another has its own there.
  if (path !== mainPath && (givenPath === mainPath || (mainPath !== '' && VERSIONED.test(givenPath) && givenPath.lastIndexOf('/') === 0))) {
    return text.slice(0, -givenPath.length) + path
  }
  return version?.implied === true && VERSIONED.test(path) && !VERSIONED.test(givenPath) ? text + version.segment : text
}

const trimmed = (url: string): string => url.trim().replace(/\/+$/, '')
const pathOf = (url: string): string => /^[a-z]+:\/\/[^/]+(\/.*)?$/i.exec(trimmed(url))?.[1] ?? ''
/** A setting given as an address stands for the first part of its host. */
const filled = (template: string, settings: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_whole, name: string) => (settings[name] ?? '').replace(/^https?:\/\/([^./]+).*$/, '$1'))
