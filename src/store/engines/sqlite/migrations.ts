// The schema's history for SQLite, oldest first. Forward only: a landed file never changes.

import first from '../../migrations/0001-keys-and-requests.sqlite.sql' with { type: 'text' }
import second from '../../migrations/0002-ledger.sqlite.sql' with { type: 'text' }

export const MIGRATIONS: readonly string[] = [first, second]
