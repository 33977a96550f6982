// Persistence: repositories over an engine. Everything above asks for rows, never for SQL.

import { openSqlite } from './engines/sqlite/sqlite.ts'
import { type KeyRepository, keyRepository } from './repositories/keys.ts'
import { type RequestRepository, requestRepository } from './repositories/requests.ts'

export type { KeyRow, RequestRow } from './schema.ts'
export type { KeyRepository, RequestRepository }

export interface Store {
  readonly keys: KeyRepository
  readonly requests: RequestRepository
  close(): Promise<void>
}

/** Opens the embedded store. @param path a file, or `:memory:`. */
export function openStore(path: string): Store {
  const engine = openSqlite(path)
  const requests = requestRepository(engine)
  return {
    keys: keyRepository(engine),
    requests,
    async close() {
      await requests.flush()
      engine.close()
    },
  }
}
