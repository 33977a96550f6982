// Groups: callers that share permissions, limits and a price multiplier.

import type { z } from 'zod'
import type { GroupRow } from '../../store/index.ts'
import { group } from '../contract.ts'
import { conflict } from '../failure.ts'
import { nameTaken } from '../publishing.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { Context, Route } from '../route.ts'
import { editedJson, given, limitChanges, limitsJson, limitsOf } from '../shown.ts'

type Create = z.infer<typeof group.create>
type Change = z.infer<typeof group.edit>

export const groupResource: Resource<GroupRow, Create, Change> = {
  path: 'groups',
  one: 'group',
  prefix: 'grp',
  area: 'installation',
  table: (store) => store.groups,
  shown: group.shown,
  create: group.create,
  edit: group.edit,
  filters: { name: 'name' },
  whose: () => null,
  json: (row) => ({
    ...editedJson(row),
    name: row.name,
    multiplier: row.multiplier,
    models: row.models,
    channels: row.channels,
    cut_streams: row.cutStreams,
    ...limitsJson(row),
  }),
  async make(input, base, context) {
    await freeName(context, input.name)
    return {
      row: {
        ...base,
        name: input.name,
        multiplier: decimal(input.multiplier ?? '1'),
        models: input.models ?? null,
        channels: input.channels ?? null,
        cutStreams: input.cut_streams ?? 'produced',
        ...limitsOf(input),
      },
    }
  },
  async change(row, input, context) {
    if (input.name !== undefined && input.name !== row.name) await freeName(context, input.name)
    return {
      changes: given({
        name: input.name,
        multiplier: input.multiplier === undefined ? undefined : decimal(input.multiplier),
        models: input.models,
        channels: input.channels,
        cutStreams: input.cut_streams,
        ...limitChanges(input),
      }),
    }
  },
  async remove(row, context) {
    const { keys, projects, organisations } = context.parts.store
    const users =
      (await keys.count({ groupId: row.id, revokedMs: null })) +
      (await projects.count({ groupId: row.id })) +
      (await organisations.count({ groupId: row.id }))
    if (users > 0) throw conflict('Keys, projects or organisations are in this group.')
    return {}
  },
  forgets: () => 'all',
}

async function freeName(context: Context, name: string): Promise<void> {
  if ((await context.parts.store.groups.find({ name })) !== undefined) throw nameTaken('group', name)
}

/** A plain decimal without needless zeros: `1.50` → `1.5`. */
export function decimal(value: string | number): string {
  const text = typeof value === 'number' ? value.toFixed(6) : value
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export const groupRoutes: readonly Route[] = resourceRoutes(groupResource)
