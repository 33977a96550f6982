// Server-side tools that the gateway runs itself: web search and web fetch, with citations. Everything here takes values
// or is handed its way to the network; the loop over model calls stands in the gateway.

export { decodeText } from './bytes-to-text.ts'
export { bestQuote, type CiteContext, citationsFor, clearSource, MAX_QUOTE, type Quote, sentenceSpans } from './cite.ts'
export { claudeSearchResults, rewriteClaudeCitation } from './claude-sources.ts'
export { neutral, visible } from './clean.ts'
export { readWebTools, TOOL_NAME } from './declaration.ts'
export { indexChunks, readSiteMap, type SiteMap } from './documents.ts'
export { conflicts, type DomainRule, type DomainRules, NO_RULES, parseDomain, permits, postFilter, webUrl } from './domains.ts'
export {
  type FetchDeps,
  type FetchErrorCode,
  type FetchedDocument,
  type FetchOutcome,
  fetchPage,
  type GuardedGet,
  type GuardedPage,
  MAX_URL_UNITS,
  type PageMemory,
  pageMemory,
  readPage,
  type StoredPage,
} from './fetch-page.ts'
export { fetchFunction, functionNames, printedCall, readArgument, searchFunction } from './functions.ts'
export { type MarkerEvent, type MarkerOptions, type MarkerParser, type MarkerSources, markerParser } from './markers.ts'
export { brokenPromises } from './native.ts'
export { htmlToText, type PageOptions, type PageText } from './page.ts'
export { cutPassages, type PassageOptions, RESULTS_PER_SEARCH, selectEvidence, truncateText } from './passages.ts'
export { readPdf } from './pdf.ts'
export { holdsPrintedCall, type PrintedCalls, type PrintedSink, printedCalls } from './printed-calls.ts'
export { KnownUrls, knownUrls, urlsIn } from './provenance.ts'
export { type RenderContext, renderError, renderPage, renderSearch, systemText } from './render.ts'
export { type PendingCall, type Replayed, type ReplayOptions, replayHistory, restoreMarkers, resultMessage, withPending } from './replay.ts'
export { errorResultBlock, fetchResultBlock, openResult, type SealContext, searchResultBlock } from './results.ts'
export { parseRobots, ROBOT_TOKEN, type RobotsRules, robotsFrom } from './robots.ts'
export {
  runSearch,
  SEARCH_ERROR_CODE,
  type SearchAttempt,
  type SearchDeps,
  type SearchErrorCode,
  SearchMemory,
  type SearchOutcome,
  type SearchRoute,
} from './run-search.ts'
export { type Opened, SEAL_PREFIX, type SealBinding, type SealPurpose, SealRing } from './seal.ts'
export { readSearchRequest, type SearchRequest } from './search-request.ts'
export {
  DEFAULT_CONTEXT_TOKENS,
  EVERY_SOURCE,
  type FetchToolSettings,
  type SearchToolSettings,
  type UrlSource,
  type UrlSources,
  type WebToolSettings,
  type WebTools,
} from './settings.ts'
export { canonicalUrl, type Evidence, pageAge, type Source, SourceList } from './sources.ts'
export { type CitedText, type CitedTextOptions, citedText } from './text-blocks.ts'
