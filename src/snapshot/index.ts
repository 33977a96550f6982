// Operator data as the hot path sees it: compiled, frozen, swapped whole.

export { type Alias, withAliases, withAliasPrices } from './aliases.ts'
export { type Beside, CompileError, compileSnapshot } from './compile.ts'
export { type ModelLimit, strictestLimits } from './model-limits.ts'
export { type Publisher, publisher } from './publish.ts'
export type { Bounds, Channel, ChannelFormat, ChannelRow, ListedModel, PriceBook, Priced, Route, RoutePrice, Snapshot } from './snapshot.ts'
