// `switchyard index`: builds and refreshes the local document index of the data directory, beside a running server or
// without one. What a source is and how it is brought up to date stands in `indexing/`.

import type { BootConfig } from './config/index.ts'
import { type Command, nameFrom, parseArguments, USAGE, UsageError } from './index-arguments.ts'
import { type Counts, folderDocuments, type ListedDocument, type Progress, refresh, SourceError, siteDocuments } from './indexing/index.ts'
import { absolutePath } from './lib/platform/files.ts'
import { isTerminal, printLine, rewriteLine } from './lib/platform/process.ts'
import type { CollectionRow, Store } from './store/index.ts'
import { pageMemory, readPdf } from './tools/index.ts'
import { fetchGuarded } from './upstream/index.ts'

const FAILURES_SHOWN = 20
const PROGRESS_MS = 1000
const CONCURRENCY = 4

export interface IndexParts {
  readonly config: BootConfig
  /** The store of the server. Opened once the command line is known to be right. */
  open(): Store | Promise<Store>
}

/** @returns the exit code: 0 done, 1 a source could not be read, 2 the command line is wrong. */
export async function runIndex(words: readonly string[], { config, open }: IndexParts): Promise<number> {
  let command: Command
  try {
    command = parseArguments(words)
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown
    printLine(`${thrown.message}\n${USAGE}`)
    return 2
  }
  if (command.options.has('help')) {
    printLine(USAGE)
    return 0
  }
  const store = await open()
  try {
    return await run(command, { store, config })
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown
    printLine(`${thrown.message}. The index was left as it was.`)
    return 1
  } finally {
    await store.close()
  }
}

interface Parts {
  readonly store: Store
  readonly config: BootConfig
}

async function run({ source, options }: Command, parts: Parts): Promise<number> {
  const { documents } = parts.store
  const removing = options.get('remove')
  if (removing !== undefined) return remove(removing, parts)
  if (options.has('refresh')) {
    let code = 0
    for (const row of await documents.collections()) code = Math.max(code, await again(row, options, parts))
    return code
  }
  if (source === undefined) {
    const rows = await documents.collections()
    if (rows.length === 0) printLine(`The index is empty.\n${USAGE}`)
    for (const row of rows) printLine(`${row.name}: ${some(row.documents)} from ${row.source}, refreshed ${iso(row.refreshedMs)}`)
    return 0
  }
  return bring(await collectionOf(source, options, await documents.collections()), options, parts)
}

const some = (count: number): string => `${count} ${count === 1 ? 'document' : 'documents'}`
const iso = (ms: number): string => new Date(ms).toISOString()

/** One source that fails does not keep the others from being refreshed. */
async function again(row: CollectionRow, options: Command['options'], parts: Parts): Promise<number> {
  try {
    return await bring(row, options, parts)
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown
    printLine(`${row.name}: ${thrown.message}. It was left as it was.`)
    return 1
  }
}

async function remove(name: string, { store: { documents } }: Parts): Promise<number> {
  if (!(await documents.collections()).some((row) => row.name === name)) throw new SourceError(`There is no collection ${name}`)
  const urls = [...(await documents.known(name)).keys()]
  await documents.remove(urls)
  await documents.removeCollection(name)
  printLine(`${name}: ${some(urls.length)} removed`)
  return 0
}

const isAddress = (source: string): boolean => /^https?:\/\//i.test(source)

/** What was said when the source was first indexed holds until something else is said. */
async function collectionOf(
  source: string,
  options: Command['options'],
  stored: readonly CollectionRow[],
): Promise<Omit<CollectionRow, 'refreshedMs'>> {
  const site = isAddress(source)
  if (site && !URL.canParse(source)) throw new SourceError(`${source} is no web address`)
  const place = site ? new URL(source).href : await absolutePath(source)
  if (place === undefined) throw new SourceError(`There is no folder ${source}`)
  const before = stored.find((row) => row.source === place && row.name === (options.get('name') ?? row.name))
  const usual = site ? new URL(place).hostname.replace(/^www\./, '') : (place.split(/[\\/]/).at(-1) ?? '')
  const name = options.get('name') ?? before?.name ?? nameFrom(usual)
  if (site) return { name, source: place }
  const base = options.get('base-url') ?? before?.baseUrl ?? `https://${name}.internal/`
  return { name, source: place, baseUrl: base.endsWith('/') ? base : `${base}/` }
}

async function bring(row: Omit<CollectionRow, 'refreshedMs'>, options: Command['options'], { store, config }: Parts): Promise<number> {
  const { documents } = store
  const other = (await documents.collections()).find(({ name }) => name === row.name)
  if (other !== undefined && other.source !== row.source) {
    throw new SourceError(`The collection ${row.name} belongs to ${other.source}; choose another --name`)
  }
  printLine(`${row.name}: listing ${row.source}`)
  const listed = await listedOf(row, options, config)
  await documents.putCollection({ ...row, refreshedMs: Date.now() })
  const failures: string[] = []
  const counts = await refresh(listed, {
    collection: row.name,
    documents,
    concurrency: CONCURRENCY,
    all: options.has('all'),
    onProgress: progressPrinter(row.name),
    onFailure: (label, reason) => void failures.push(`  not indexed: ${label} (${reason})`),
    nowMs: Date.now,
  })
  await documents.putCollection({ ...row, refreshedMs: Date.now() })
  if (isTerminal()) rewriteLine('')
  for (const line of failures.slice(0, FAILURES_SHOWN)) printLine(line)
  if (failures.length > FAILURES_SHOWN) printLine(`  and ${failures.length - FAILURES_SHOWN} more`)
  printLine(`${row.name}: ${some((await documents.known(row.name)).size)} (${summary(counts)})`)
  return 0
}

function listedOf(row: Omit<CollectionRow, 'refreshedMs'>, options: Command['options'], { file }: BootConfig): Promise<ListedDocument[]> {
  if (!isAddress(row.source)) return folderDocuments(row.source, row.baseUrl ?? `https://${row.name}.internal/`)
  const { web } = file
  return siteDocuments(row.source, {
    maxPages: Number(options.get('limit') ?? 10_000),
    page: {
      get: (url, get) => fetchGuarded(url, { ...get, allowHosts: web.allow_hosts, deadlineMs: web.page_timeout_seconds * 1000 }),
      memory: pageMemory(0),
      tenant: 'index',
      nowMs: Date.now,
      obeyRobots: web.obey_robots,
      ownHosts: web.allow_hosts,
      ...(web.contact !== undefined && { contact: web.contact }),
      readPdf,
    },
  })
}

const summary = ({ added, changed, unchanged, removed, failed }: Counts): string =>
  `${added} new, ${changed} changed, ${unchanged} unchanged, ${removed} removed, ${failed} failed`

/** One line that a terminal writes over; elsewhere a line a second. */
function progressPrinter(name: string): (progress: Progress) => void {
  let lastMs = Date.now()
  return ({ done, total, label, ...counts }) => {
    const text = `${name}: ${done}/${total} (${Math.floor((done / total) * 100)} %), ${counts.added} new, ${counts.changed} changed`
    if (isTerminal()) return rewriteLine(`${text}  ${label}`)
    const now = Date.now()
    if (done < total && now - lastMs < PROGRESS_MS) return
    lastMs = now
    printLine(text)
  }
}
