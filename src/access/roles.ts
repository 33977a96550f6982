// What a role may do. One table; whose things somebody may touch is decided by the organisation they have the role in.

import type { Role } from '../store/index.ts'

/**
 * What is done to what:
 * - `keys`: API keys of an organisation.
 * - `members`: its projects, users, budgets.
 * - `money`: balances and statements; writing means to give or take.
 * - `insight`: requests and usage. - `audit`: who changed what.
 * - `installation`: channels, models, prices, groups, search backends, codes: what everybody shares.
 * - `organisations`: making, changing and removing them.
 * - `whole`: export, import and re-sealing of everything.
 */
export type Area = 'keys' | 'members' | 'money' | 'insight' | 'audit' | 'installation' | 'organisations' | 'whole'
export type Act = 'read' | 'write'

const RANKS: Readonly<Record<Role, number>> = { viewer: 1, developer: 2, admin: 3, owner: 4 }
export const ROLES: readonly Role[] = ['viewer', 'developer', 'admin', 'owner']

const LEAST: Readonly<Record<Area, Readonly<Record<Act, Role>>>> = {
  keys: { read: 'viewer', write: 'developer' },
  members: { read: 'viewer', write: 'admin' },
  money: { read: 'viewer', write: 'admin' },
  insight: { read: 'viewer', write: 'admin' },
  audit: { read: 'admin', write: 'owner' },
  installation: { read: 'viewer', write: 'admin' },
  organisations: { read: 'viewer', write: 'admin' },
  whole: { read: 'admin', write: 'owner' },
}

/** Areas in which only the operator's own people may act, whatever they are elsewhere. */
const OPERATOR_ONLY: Readonly<Partial<Record<Area, readonly Act[]>>> = {
  money: ['write'],
  installation: ['read', 'write'],
  organisations: ['write'],
  whole: ['read', 'write'],
}

export const leastRole = (area: Area, act: Act): Role => LEAST[area][act]

export const operatorOnly = (area: Area, act: Act): boolean => OPERATOR_ONLY[area]?.includes(act) === true

/** Whether a role is at least another one. */
export const atLeast = (role: Role | undefined, least: Role): boolean => role !== undefined && RANKS[role] >= RANKS[least]

/** Whether somebody with `role` may give, change or take away what carries `other`: nobody reaches above themselves. */
export const reaches = (role: Role | undefined, other: Role | null): boolean =>
  other === null || (role !== undefined && RANKS[role] >= RANKS[other])
