// Local stand-ins for the web: pages under paths, and a metasearch engine that answers as SearXNG does.

import { type Received, type Script, type ScriptedUpstream, startUpstream } from './upstream.ts'

export interface Found {
  readonly url: string
  readonly title?: string
  readonly content?: string
  readonly publishedDate?: string | null
}

/** SearXNG's answer with these results. */
export const found = (...results: readonly Found[]): Script => ({
  body: {
    ...{ query: 'q', number_of_results: results.length, answers: [], corrections: [], infoboxes: [], suggestions: [] },
    ...{ unresponsive_engines: [] },
    results: results.map((result, index) => ({
      ...{ title: `Title ${index + 1}`, content: `Snippet number ${index + 1} says that lamps were sold ${index + 1}7 times.` },
      ...{ engine: 'test', engines: ['test'], score: 10 - index, category: 'general', publishedDate: null },
      ...result,
    })),
  },
})

export interface SearchServer extends ScriptedUpstream {
  /** The queries asked so far. */
  queries(): string[]
}

export function startSearx(): SearchServer {
  const server = startUpstream()
  server.answer(found())
  return Object.assign(server, { queries: () => server.received.map(queryOf) })
}

const queryOf = ({ path, text }: Received): string =>
  new URL(path, 'http://x').searchParams.get('q') ?? new URLSearchParams(text).get('q') ?? ''

export interface Pages extends ScriptedUpstream {
  readonly host: string
  put(path: string, script: Script): string
  html(path: string, title: string, body: string): string
  /** Requests for pages, without robots.txt. */
  visits(): string[]
}

/** A web site of its own. Unknown paths are 404. */
export function startPages(): Pages {
  const server = startUpstream()
  const pages = new Map<string, Script>()
  server.answer(({ path }) => pages.get(path) ?? { status: 404, body: 'there is nothing here' })
  const put = (path: string, script: Script): string => {
    pages.set(path, script)
    return server.url + path
  }
  return Object.assign(server, {
    host: new URL(server.url).host,
    put,
    html: (path: string, title: string, body: string): string =>
      put(path, {
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: `<!doctype html><html><head><title>${title}</title></head><body><main>${body}</main></body></html>`,
      }),
    visits: () => server.received.map(({ path }) => path).filter((path) => path !== '/robots.txt'),
  })
}
