// The schema's history for SQLite, oldest first. Forward only: a landed file never changes.

import first from '../../migrations/0001-keys-and-requests.sqlite.sql' with { type: 'text' }
import second from '../../migrations/0002-ledger.sqlite.sql' with { type: 'text' }
import third from '../../migrations/0003-document-index.sqlite.sql' with { type: 'text' }
import fourth from '../../migrations/0004-access.sqlite.sql' with { type: 'text' }
import fifth from '../../migrations/0005-notices.sqlite.sql' with { type: 'text' }
import tenth from '../../migrations/0010-ledger-costs.sqlite.sql' with { type: 'text' }
import eleventh from '../../migrations/0011-kept-answers.sqlite.sql' with { type: 'text' }
import type { Migration } from '../migration.ts'

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-keys-and-requests', sql: first },
  { name: '0002-ledger', sql: second },
  { name: '0003-document-index', sql: third },
  { name: '0004-access', sql: fourth },
  { name: '0005-notices', sql: fifth },
  { name: '0010-ledger-costs', sql: tenth },
  { name: '0011-kept-answers', sql: eleventh },
]
