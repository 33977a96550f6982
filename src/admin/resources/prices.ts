// What the operator says a model costs, in the words of the file's `prices`: in place of the catalogue's price.

import type { z } from 'zod'
import { parsePrice } from '../../config/index.ts'
import type { PriceOverrideRow } from '../../store/index.ts'
import { price } from '../contract.ts'
import { faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { Route } from '../route.ts'
import { editedJson, given } from '../shown.ts'

export const priceResource: Resource<PriceOverrideRow, z.infer<typeof price.create>, z.infer<typeof price.edit>> = {
  path: 'prices',
  one: 'price',
  prefix: 'prc',
  area: 'installation',
  table: (store) => store.prices,
  shown: price.shown,
  create: price.create,
  edit: price.edit,
  filters: { model: 'model' },
  whose: () => null,
  json: (row) => ({ ...editedJson(row), model: row.model, entry: row.entry, note: row.note }),
  publishes: 'prices',
  make: async (input, base) => ({ row: { ...base, ...entryOf(input.entry), note: input.note ?? null } }),
  change: async (_row, input) => ({ changes: given({ ...(input.entry && entryOf(input.entry)), note: input.note }) }),
  remove: async () => ({}),
}

/** @throws FieldsError naming the member of the entry */
function entryOf(entry: Record<string, unknown>): Pick<PriceOverrideRow, 'model' | 'entry'> {
  const found = parsePrice(entry)
  if ('problem' in found) {
    const [, path, message] = /^([\w.]+): (.*)$/s.exec(found.problem) ?? []
    throw faulty(path === undefined || path === 'price' ? 'entry' : `entry.${path}`, message ?? found.problem)
  }
  return { model: found.model, entry }
}

export const priceRoutes: readonly Route[] = resourceRoutes(priceResource)
