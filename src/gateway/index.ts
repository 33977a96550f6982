// One exchange, from request to settled outcome.

export type { Answer, Call, Gateway, GatewaySettings, Sink, StreamAnswer, UnaryAnswer } from './call.ts'
export { countTokens } from './count-tokens.ts'
export { errorAnswer, exchange } from './exchange.ts'
export { exchangeMetrics } from './metrics.ts'
export { requestJson } from './record.ts'
