// The OpenAPI description of the admin API, made from the same declarations that serve it.

import { z } from 'zod'
import { errorShown } from './contract.ts'
import type { Route } from './route.ts'

let made: object | undefined

export function openApi(routes: readonly Route[]): object {
  made ??= describe(routes)
  return made
}

function describe(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const at = paths[route.path] ?? {}
    at[route.method.toLowerCase()] = operation(route)
    paths[route.path] = at
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Switchyard administration', version: '1', description: 'Times are RFC 3339, money is decimal dollars as text.' },
    security: [{ key: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Error: schemaOf(errorShown, 'output') },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key that has a role.' },
        session: { type: 'apiKey', in: 'cookie', name: 'switchyard_session' },
      },
    },
  }
}

function operation(route: Route): object {
  const ids = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  return {
    operationId: `${route.method.toLowerCase()}${route.path
      .replace(/^\/admin/, '')
      .replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
    tags: [route.tag],
    summary: route.summary,
    description: needs(route),
    ...(route.needs === 'open' && { security: [] }),
    parameters: [...ids, ...queryParameters(route)],
    ...(route.body !== undefined && { requestBody: { content: requestContent(route, route.body) } }),
    responses: {
      [route.status]: {
        description: 'Done.',
        ...(route.shown !== undefined && { content: { 'application/json': { schema: schemaOf(route.shown, 'output') } } }),
      },
      default: { description: 'Refused.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  }
}

function needs({ needs }: Route): string {
  if (needs === 'open') return 'Open to everybody.'
  return needs === 'signed-in' ? 'Needs somebody signed in, or a key with a role.' : `Needs a role that may ${needs.act} \`${needs.area}\`.`
}

const requestContent = ({ textBody }: Route, body: z.ZodType): object => ({
  'application/json': { schema: schemaOf(body, 'input') },
  ...(textBody === true && { 'application/yaml': { schema: { type: 'string' } } }),
})

function queryParameters({ query }: Route): object[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = schemaOf(query, 'input') as { properties?: Record<string, object>; required?: string[] }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return described
}
