// The fate of every member that the installed SDK declares on a request, stable and beta, nested objects
// included. The compiler refuses a table that misses one.

import type Anthropic from '@anthropic-ai/sdk'
import type { Fates, FatesOf } from '../format.ts'

type M = typeof Anthropic.Messages extends never ? never : true
type Messages = import('@anthropic-ai/sdk/resources/messages').MessageCreateParamsBase
type BetaMessages = import('@anthropic-ai/sdk/resources/beta/messages').MessageCreateParamsBase
export type { M }
void 0 as unknown as Messages & BetaMessages
