// One exchange, from request to settled outcome.

export { type BackendCooldowns, backendCooldowns } from './backend-cooldowns.ts'
export type { Answer, Call, Gateway, GatewaySettings, Sink, StreamAnswer, UnaryAnswer } from './call.ts'
export { spentUnder } from './claim.ts'
export { countTokens } from './count-tokens.ts'
export { errorAnswer, exchange } from './exchange.ts'
export { exchangeMetrics } from './metrics.ts'
export { requestJson } from './record.ts'
export { type SearchCall, searchExchange } from './search-exchange.ts'
export { createWebTools, type FetchUse, NO_BACKEND, type WebParts, type WebTools, type WebUse } from './web.ts'
export { type WebMetrics, webMetrics } from './web-metrics.ts'
