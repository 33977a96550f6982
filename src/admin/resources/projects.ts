// Projects: what keys belong to.

import type { z } from 'zod'
import { DEFAULT_PROJECT, OPERATOR_ORGANISATION, type ProjectRow } from '../../store/index.ts'
import { type Actor, sees } from '../actor.ts'
import { project } from '../contract.ts'
import { conflict, faulty } from '../failure.ts'
import { type Resource, resourceRoutes } from '../resource.ts'
import type { ActedContext, Route } from '../route.ts'
import { disabledChange, editedJson, given, limitChanges, limitsJson, limitsOf } from '../shown.ts'
import { groupIn } from './organisations.ts'

type Create = z.infer<typeof project.create>
type Change = z.infer<typeof project.edit>

/** The organisation that is meant when none is named. */
export const ownOrganisation = ({ roles }: Actor): string =>
  roles.has(OPERATOR_ORGANISATION) ? OPERATOR_ORGANISATION : ([...roles.keys()][0] ?? OPERATOR_ORGANISATION)

/** @throws FieldsError when there is no such organisation, as far as the actor may know. */
export async function organisationIn(context: ActedContext, id: string | undefined): Promise<string> {
  const organisationId = id ?? ownOrganisation(context.actor)
  if (!sees(context.actor, organisationId) || (await context.parts.store.organisations.byId(organisationId)) === undefined)
    throw faulty('organisation_id', 'there is no such organisation')
  return organisationId
}

const resource: Resource<ProjectRow, Create, Change> = {
  path: 'projects',
  one: 'project',
  prefix: 'prj',
  area: 'members',
  table: (store) => store.projects,
  shown: project.shown,
  create: project.create,
  edit: project.edit,
  filters: { organisation_id: 'organisationId', name: 'name', group_id: 'groupId' },
  whose: (row) => row.organisationId,
  within: (ids) => ({ organisationId: ids }),
  json: (row) => ({
    ...editedJson(row),
    organisation_id: row.organisationId,
    name: row.name,
    group_id: row.groupId,
    ...limitsJson(row),
    metadata: row.metadata,
    disabled: row.disabledMs !== null,
  }),
  async make(input, base, context) {
    const organisationId = await organisationIn(context, input.organisation_id)
    await grantedGroup(context, input.group_id)
    return {
      row: {
        ...base,
        organisationId,
        name: input.name,
        groupId: input.group_id ?? null,
        ...limitsOf(input),
        metadata: input.metadata ?? {},
        disabledMs: input.disabled === true ? context.nowMs : null,
      },
    }
  },
  async change(row, input, context) {
    // The operator's own keys are in it.
    if (row.id === DEFAULT_PROJECT && input.disabled === true) throw faulty('disabled', 'the first project cannot be disabled')
    await grantedGroup(context, input.group_id)
    return {
      changes: given({
        name: input.name,
        groupId: input.group_id,
        metadata: input.metadata,
        disabledMs: disabledChange(input.disabled, row.disabledMs, context.nowMs),
        ...limitChanges(input),
      }),
    }
  },
  async remove(row, context) {
    if (row.id === DEFAULT_PROJECT) throw conflict('The first project stays.')
    if ((await context.parts.store.keys.count({ projectId: row.id })) > 0)
      throw conflict('The project has keys, in the log at least. Disable it instead.')
    return {}
  },
  forgets: () => 'all',
}

/** A group decides prices and permissions: only the operator's own people hand one out. @throws FieldsError */
export async function grantedGroup(context: ActedContext, id: string | null | undefined): Promise<void> {
  if (id === undefined) return
  if (!context.actor.roles.has(OPERATOR_ORGANISATION)) throw faulty('group_id', 'only the operator gives groups')
  await groupIn(context, id)
}

export const projectRoutes: readonly Route[] = resourceRoutes(resource)
