// What an upstream answered: accepted as events, or refused with its class.

import { GatewayError } from '../core/errors.ts'
import type { ChatContext } from '../formats/index.ts'
import type { Candidate } from '../routing/index.ts'
import type { UpstreamResponse } from '../upstream/index.ts'
import { cutSource } from './cut-source.ts'
import { type EventSource, eventsOf, isWhole, wholeEvents } from './events.ts'
import { cutOf } from './stop-sequences.ts'
import { refusal } from './translate.ts'

/** The response when it is a success. @throws GatewayError the classified refusal otherwise. */
export async function accepted(response: UpstreamResponse, candidate: Candidate): Promise<UpstreamResponse> {
  if (response.status < 200 || response.status > 299) throw await refusal(response, candidate)
  if (response.headers.get('content-type')?.includes('text/html') === true) {
    response.reader().cancel()
    throw new GatewayError('upstream_malformed')
  }
  return response
}

/** The events of an accepted answer, whichever way it came. */
export const sourceOf = (response: UpstreamResponse, candidate: Candidate, context: ChatContext): EventSource =>
  cutSource(
    !context.request.stream || isWhole(response, candidate)
      ? wholeEvents(response, candidate, context)
      : eventsOf(response, candidate, context),
    cutOf(context),
  )
