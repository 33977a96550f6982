// The operator's side: everything under /admin, and what a customer may see of its own.

export { type Admin, createAdmin, ROUTES } from './admin.ts'
export { type Customer, type CustomerQuestion, createCustomer } from './customer.ts'
export type { AdminRequest, Reply } from './message.ts'
export type { AdminParts, ClientTarget } from './parts.ts'
export { createPublishing, type PublishedRows, type PublishedSearchBackend, type Publishing, type PublishTarget } from './publishing.ts'
export { finishRedemptions } from './resources/redeem-codes.ts'
export { setupToken } from './resources/session.ts'
