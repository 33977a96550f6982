// Callers and their keys.

export { type Access, type Caller, createAccess } from './access.ts'
export { presentedKeys } from './credentials.ts'
export { issueKey, storeKey } from './issue.ts'
