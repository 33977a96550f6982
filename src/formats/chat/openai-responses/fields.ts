import type { Fates } from '../format.ts'
export const fields: Fates = {}
