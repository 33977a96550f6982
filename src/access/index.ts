// Callers and their keys, people and their sessions, and what a role may do.

export { type Access, type Carrier, createAccess, EVERY_KEY } from './access.ts'
export { type AddressRange, addressRange, inRanges } from './addresses.ts'
export {
  accountOf,
  type Caller,
  type CallerBudget,
  type CallerLimit,
  type KnownKey,
  knownKey,
  mayUseChannel,
  mayUseModel,
} from './caller.ts'
export { presentedKeys } from './credentials.ts'
export { type FreshKey, freshKey, issueFirstKey, plainKey, shownOf, storeAdminKey } from './issue.ts'
export { periodEndMs, periodStartMs } from './period.ts'
export { type Act, type Area, atLeast, leastRole, operatorOnly, ROLES, reaches } from './roles.ts'
export { createSignIn, normalEmail, type Opened, type SignedIn, type SignIn } from './sign-in.ts'
