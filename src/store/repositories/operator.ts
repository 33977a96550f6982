// Everything access and administration ask of the store, as one part: a change is a list of statements for `write`.

import type { Bound, Engine, Subscriber, Written } from '../engine.ts'
import { type AuditRepository, auditRepository } from './audit.ts'
import { type CallerRepository, callerRepository } from './callers.ts'
import { type LogQueries, logQueries } from './log-queries.ts'
import { type OperatorTables, operatorTables } from './operator-tables.ts'
import { type SessionRepository, sessionRepository } from './sessions.ts'
import { type SettingRepository, settingRepository } from './settings.ts'
import { type UsageRepository, usageRepository } from './usage.ts'

export interface OperatorStore extends OperatorTables {
  readonly callers: CallerRepository
  readonly sessions: SessionRepository
  readonly settings: SettingRepository
  readonly audit: AuditRepository
  readonly log: LogQueries
  readonly usage: UsageRepository
  /** Opens the ledger account of an organisation, unless it is open. */
  openAccount(id: string, billing: 'prepaid' | 'unmetered'): Bound
  /** Changes how an account is billed. */
  billAccount(id: string, billing: 'prepaid' | 'unmetered'): Bound
  /** Tells every process, when the unit commits. */
  notice(channel: NoticeChannel, payload: string): Bound
  subscribe(channel: NoticeChannel, subscriber: Subscriber): () => void
  write(statements: readonly Bound[]): Promise<readonly Written[]>
}

/** `access`: a key's hash whose caller changed, or `*` for all. `snapshot`: the revision that is to be published. */
export type NoticeChannel = 'access' | 'snapshot'

/** The organisation of whoever runs the installation: there from the first start, and unmetered. */
export const OPERATOR_ORGANISATION = 'org_default'
export const DEFAULT_PROJECT = 'prj_default'

export function operatorStore(engine: Engine): OperatorStore {
  const open = engine.prepare('INSERT INTO account (id, mode) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING')
  const bill = engine.prepare('UPDATE account SET mode = ?2 WHERE id = ?1')
  return {
    ...operatorTables(engine),
    callers: callerRepository(engine),
    sessions: sessionRepository(engine),
    settings: settingRepository(engine),
    audit: auditRepository(engine),
    log: logQueries(engine),
    usage: usageRepository(engine),
    openAccount: (id, billing) => open.bind(id, billing),
    billAccount: (id, billing) => bill.bind(id, billing),
    notice: (channel, payload) => engine.notice(channel, payload),
    subscribe: (channel, subscriber) => engine.subscribe(channel, subscriber),
    write: (statements) => engine.write(statements),
  }
}
