// Models by the names clients use: aliases of them, and limits on them.

import type { z } from 'zod'
import type { AliasRow, ModelLimitRow } from '../../store/index.ts'
import { alias, modelLimit } from '../contract.ts'
import { faulty } from '../failure.ts'
import { nameTaken } from '../publishing.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import { type Route, route } from '../route.ts'
import { editedJson, given, limitChanges, limitsJson, limitsOf } from '../shown.ts'

export const aliasResource: Resource<AliasRow, z.infer<typeof alias.create>, z.infer<typeof alias.edit>> = {
  path: 'aliases',
  one: 'alias',
  prefix: 'als',
  area: 'installation',
  table: (store) => store.aliases,
  shown: alias.shown,
  create: alias.create,
  edit: alias.edit,
  filters: { model: 'model', target: 'target' },
  whose: () => null,
  json: (row) => ({ ...editedJson(row), model: row.model, target: row.target, enabled: row.enabled }),
  publishes: 'aliases',
  async make(input, base, context) {
    if ((await context.parts.store.aliases.find({ model: input.model })) !== undefined) throw nameTaken('alias', input.model)
    if (input.model === input.target) throw faulty('target', 'must be another name than the alias')
    return { row: { ...base, model: input.model, target: input.target, enabled: input.enabled ?? true } }
  },
  async change(row, input, context) {
    if (
      input.model !== undefined &&
      input.model !== row.model &&
      (await context.parts.store.aliases.find({ model: input.model })) !== undefined
    )
      throw nameTaken('alias', input.model)
    if ((input.model ?? row.model) === (input.target ?? row.target)) throw faulty('target', 'must be another name than the alias')
    return { changes: given({ model: input.model, target: input.target, enabled: input.enabled }) }
  },
  remove: async () => ({}),
}

export const modelLimitResource: Resource<ModelLimitRow, z.infer<typeof modelLimit.create>, z.infer<typeof modelLimit.edit>> = {
  path: 'model-limits',
  one: 'model limit',
  prefix: 'mlm',
  area: 'installation',
  table: (store) => store.modelLimits,
  shown: modelLimit.shown,
  create: modelLimit.create,
  edit: modelLimit.edit,
  filters: { model: 'model' },
  whose: () => null,
  json: (row) => ({ ...editedJson(row), model: row.model, ...limitsJson(row) }),
  publishes: 'modelLimits',
  async make(input, base, context) {
    if ((await context.parts.store.modelLimits.find({ model: input.model })) !== undefined)
      throw nameTaken('limit for a model', input.model)
    return { row: { ...base, model: input.model, ...limitsOf(input) } }
  },
  change: async (_row, input) => ({ changes: limitChanges(input) }),
  remove: async () => ({}),
}

const models = route({
  tag: 'models',
  method: 'GET',
  path: '/admin/models',
  summary: 'Every model that can be asked for, with the channels that serve it.',
  needs: { area: 'installation', act: 'read' },
  async run({ parts }) {
    const snapshot = parts.publishing.current()
    const data = snapshot.models.map(({ id, ownedBy }) => ({
      id,
      owned_by: ownedBy,
      channels: snapshot.routes(id).map(({ channel, upstreamModel }) => ({ name: channel.name, upstream_model: upstreamModel })),
    }))
    return { body: { revision: snapshot.revision, data } }
  },
})

export const aliasRoutes: readonly Route[] = [...resourceRoutes(aliasResource), models]
export const modelLimitRoutes: readonly Route[] = resourceRoutes(modelLimitResource)
