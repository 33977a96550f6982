// Environment and file, parsed once into a typed, frozen boot configuration. No file is read here: main
// hands in the text. Errors name the variable or the path in the file, never a value.

import { Secret } from '../lib/secret.ts'
import { type ConfigFile, fileSchema } from './file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface BootConfig {
  readonly host: string
  readonly port: number
  readonly dataDirectory: string
  readonly adminKey?: Secret
  readonly databaseUrl?: Secret
  readonly redisUrl?: Secret
  /** Master keys that seal, as `kid:base64`, comma separated. Absent: the ones in the data directory. */
  readonly masterKeys?: Secret
  readonly workers: number
  /** What a commit of the embedded database survives: the death of the process, or the loss of power too. */
  readonly durability: 'normal' | 'full'
  readonly trustedProxies: readonly string[]
  readonly file: ConfigFile
  /** The process environment, for `env:` credentials and for provider keys under their usual names. */
  readonly environment: Environment
}

/** A configuration that cannot be used; the message says where and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * @param document the parsed YAML document; `undefined` when there is no file.
 * @throws ConfigError
 */
export function parseConfig(environment: Environment, document: unknown): BootConfig {
  const parsed = fileSchema.safeParse(document ?? {})
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ConfigError(
      `configuration file: ${issue === undefined ? 'not valid' : `${issue.path.join('.') || 'top level'}: ${issue.message}`}`,
    )
  }
  const text = (name: string): string | undefined => environment[name] || undefined
  const secret = (name: string): Secret | undefined => {
    const value = text(name)
    return value === undefined ? undefined : new Secret(value)
  }
  const adminKey = secret('SWITCHYARD_ADMIN_KEY')
  const databaseUrl = secret('DATABASE_URL')
  const redisUrl = secret('REDIS_URL')
  const masterKeys = secret('SWITCHYARD_SECRET')
  return Object.freeze({
    host: text('SWITCHYARD_HOST') ?? '127.0.0.1',
    port: integer('SWITCHYARD_PORT', text('SWITCHYARD_PORT'), { fallback: 8080, min: 0, max: 65535 }),
    dataDirectory: text('SWITCHYARD_DATA') ?? './data',
    workers: integer('SWITCHYARD_WORKERS', text('SWITCHYARD_WORKERS'), { fallback: 1, min: 1, max: 256 }),
    durability: oneOf('SWITCHYARD_DURABILITY', text('SWITCHYARD_DURABILITY'), ['normal', 'full']),
    trustedProxies: (text('SWITCHYARD_TRUSTED_PROXIES') ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
    ...(adminKey && { adminKey }),
    ...(databaseUrl && { databaseUrl }),
    ...(redisUrl && { redisUrl }),
    ...(masterKeys && { masterKeys }),
    file: parsed.data,
    environment,
  })
}

function integer(name: string, text: string | undefined, range: { fallback: number; min: number; max: number }): number {
  if (text === undefined) return range.fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    throw new ConfigError(`${name} must be a whole number from ${range.min} to ${range.max}`)
  }
  return value
}

/** The first is what an unset variable means. */
function oneOf<const T extends string>(name: string, text: string | undefined, values: readonly [T, ...T[]]): T {
  const value = text === undefined ? values[0] : values.find((each) => each === text.toLowerCase())
  if (value === undefined) throw new ConfigError(`${name} must be one of: ${values.join(', ')}`)
  return value
}

/** Resolves `env:NAME` against the environment; any other text is the secret itself. @throws ConfigError */
export function resolveCredential(credential: string | undefined, environment: Environment, where: string): Secret | undefined {
  if (credential === undefined || credential === '') return undefined
  if (!credential.startsWith('env:')) return new Secret(credential)
  const value = environment[credential.slice(4)]
  if (value === undefined || value === '') throw new ConfigError(`${where}: the environment has no ${credential.slice(4)}`)
  return new Secret(value)
}
