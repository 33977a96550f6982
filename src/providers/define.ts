// What a provider is: a frozen declaration of an upstream service. No I/O, no registration by side effect.
// A plain OpenAI-compatible service is data only; what deviates is a named quirk on one wire type.

import type { GatewayError } from '../core/errors.ts'
import type { AuthScheme } from '../core/upstream-auth.ts'
import type { Note } from '../core/warning.ts'
import { withPlainTools } from '../formats/index.ts'
import type { Frame } from '../lib/framing/frame.ts'
import type { JsonObject, JsonValue } from '../lib/json.ts'
import type { Transducer } from '../lib/transducer.ts'

/** What a quirk or path may depend on. */
export interface QuirkContext {
  readonly upstreamModel: string
  readonly stream: boolean
  /** Settings of the channel's row, already checked against the provider's `settings`. */
  readonly settings: Readonly<Record<string, string>>
  /** Told what a quirk drops or changes. Absent where nobody reads it. */
  readonly note?: Note
  /** Told the stop sequences that a quirk takes out, so that the answer is cut where one begins. Absent where nobody can. */
  cutAt?(sequences: readonly string[]): void
}

/** A documented repair of an outgoing body. Returns the body to send; must not change its argument. */
export type RequestQuirk = (body: JsonObject, ctx: QuirkContext) => JsonObject

/** One format that the service truly speaks. */
export interface ProviderFormat {
  /** Id of a format in `formats/`. */
  readonly format: string
  /** Path below the base URL when it is not the format's own. */
  path?(ctx: QuirkContext): string
  /** Base URL of this format where it differs from the provider's. */
  readonly baseUrl?: string
  /** Auth of this format where it differs from the provider's. */
  readonly auth?: AuthScheme
  readonly headers?: Readonly<Record<string, string>>
  /** Client headers of the format that this service refuses: not forwarded. In lower case. */
  readonly refusedHeaders?: readonly string[]
  /** Framing of its streams where it differs from the format's. `frames` then makes the format's frames of it. */
  readonly framing?: 'sse' | 'aws-event-stream'
  /** Repairs of the outgoing body, in order. Their presence rules passthrough out unless `passthrough` says otherwise. */
  readonly request?: readonly RequestQuirk[]
  /** True when the request quirks only matter for what we encoded ourselves, so that same-format bytes may still pass. */
  readonly passthroughSafe?: boolean
  /** Whether Chat's free-text tools and `allowed_tools` work here. Absent on that format: they do not, and are rewritten. */
  readonly openaiTools?: boolean
  /** Repair of a unary answer before it is decoded. */
  readonly response?: (wire: JsonValue) => JsonValue
  /** Repair of stream frames before they are decoded. */
  readonly frames?: () => Transducer<Frame, Frame>
  /** Media kinds this service cannot fetch by URL, so that we inline them. Absent: the format's default. */
  readonly inline?: readonly ('image' | 'file' | 'audio')[]
  /** Whether `n` choices work in one call. Absent: the format's default. */
  readonly nativeChoices?: boolean
  /** Upstream models for which the service itself searches the web when this format's own tool is declared. Absent: none. */
  readonly hostedSearch?: (upstreamModel: string) => boolean
  /** Only for these upstream models; absent: all. */
  readonly models?: (upstreamModel: string) => boolean
}

export interface SettingField {
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly env?: string
  readonly default?: string
  /** It only serves to make the base URL: not missing where the channel gives one. */
  readonly unlessBaseUrl?: true
}

export interface Provider {
  readonly id: string
  readonly label: string
  /** The vendor's API documentation. */
  readonly docs: string
  /** Environment names under which its key is usually found, first match wins. */
  readonly credentialEnv: readonly string[]
  /** Environment names whose values, joined by colons, are its key; the names after the second may be unset. */
  readonly credentialEnvParts?: readonly string[]
  /** With version segment. `{name}` is filled from settings. Absent: the channel must give one. */
  readonly baseUrl?: string
  /** In place of `baseUrl` where settings decide more than a name in it. */
  readonly baseUrlFrom?: (settings: Readonly<Record<string, string>>) => string
  /** What operators paste behind the base URL although our paths begin with it: cut off. */
  readonly baseUrlTail?: RegExp
  readonly auth: AuthScheme
  /** By preference, best first. Routing prefers the client's own. */
  readonly formats: readonly ProviderFormat[]
  /** Model names it serves when its channel lists none; `*` at the end matches any rest. */
  readonly models: readonly string[]
  readonly settings?: readonly SettingField[]
  /** A server on this machine, found by asking. Free of charge, key optional. */
  readonly local?: { readonly url: string; readonly probePath: string }
  /** Path below the base URL that lists models in OpenAI's shape, when there is one. */
  readonly modelsPath?: string
  /** A better class for an error than the format's own, or `undefined` to keep that. */
  readonly classify?: (status: number, wire: JsonValue, error: GatewayError) => GatewayError | undefined
}

/** Freezes a definition and keeps its literal id for the union type. */
export function defineProvider<const Id extends string>(provider: Provider & { readonly id: Id }): Provider & { readonly id: Id } {
  return Object.freeze({ ...provider, formats: provider.formats.map(withKnownTools) })
}

/** Some kinds of tools are OpenAI's own: every other host of its Chat gets functions and shorter lists in their place. */
function withKnownTools(declared: ProviderFormat): ProviderFormat {
  if (declared.format !== 'openai-chat' || declared.openaiTools === true) return declared
  const plain = declared.request === undefined && declared.response === undefined && declared.frames === undefined
  return {
    ...declared,
    openaiTools: false,
    request: [withPlainTools, ...(declared.request ?? [])],
    // The repair is for these tools alone, and a request that uses one is never passed on as it came.
    ...(plain && { passthroughSafe: true }),
  }
}
