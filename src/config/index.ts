// The boot configuration: what the process was started with. Rows an operator edits live in the store.

export { type BootConfig, ConfigError, type Environment, parseConfig, resolveCredential } from './config.ts'
export type { ChannelEntry, ConfigFile, SearchEntry } from './file.ts'
export { type OperatorPrice, parsePrice } from './price.ts'
