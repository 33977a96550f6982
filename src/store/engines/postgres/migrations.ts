// The schema's history for PostgreSQL, oldest first. Forward only: a landed file never changes. A number that only SQLite
// needs is missing here.

import first from '../../migrations/0001-keys-and-requests.postgres.sql' with { type: 'text' }
import second from '../../migrations/0002-ledger.postgres.sql' with { type: 'text' }
import third from '../../migrations/0003-document-index.postgres.sql' with { type: 'text' }
import fourth from '../../migrations/0004-access.postgres.sql' with { type: 'text' }
import sixth from '../../migrations/0006-ledger-functions.postgres.sql' with { type: 'text' }
import eleventh from '../../migrations/0011-kept-answers.postgres.sql' with { type: 'text' }
import type { Migration } from '../migration.ts'

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-keys-and-requests', sql: first },
  { name: '0002-ledger', sql: second },
  { name: '0003-document-index', sql: third },
  { name: '0004-access', sql: fourth },
  { name: '0006-ledger-functions', sql: sixth },
  { name: '0011-kept-answers', sql: eleventh },
]
