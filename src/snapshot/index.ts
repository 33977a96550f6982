// Operator data as the hot path sees it: compiled, frozen, swapped whole.

export { CompileError, compileSnapshot } from './compile.ts'
export { type Publisher, publisher } from './publish.ts'
export type { Channel, ChannelFormat, ChannelRow, ListedModel, Route, Snapshot } from './snapshot.ts'
