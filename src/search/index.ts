// The search backends we know, in one explicit list, and what describes them.

import { brave } from './brave.ts'
import { exa } from './exa.ts'
import { fixture } from './fixture.ts'
import { local } from './local.ts'
import { searxng } from './searxng.ts'
import { serper } from './serper.ts'
import { tavily } from './tavily.ts'

export type {
  SearchAccount,
  SearchAnswer,
  SearchBackend,
  SearchCall,
  SearchHit,
  SearchIo,
  SearchLocation,
  SearchQuery,
  SearchReply,
  SearchSetting,
} from './define.ts'
export { defineBackend } from './define.ts'
export { SearchError, type SearchFailure } from './errors.ts'
export { type FixtureDocument, fixtureDocuments, fixtureSearch } from './fixture.ts'

export const backends = Object.freeze([searxng, local, tavily, brave, exa, serper, fixture] as const)

export type BackendId = (typeof backends)[number]['id']

export const backendById = (id: string): (typeof backends)[number] | undefined => backends.find((backend) => backend.id === id)
