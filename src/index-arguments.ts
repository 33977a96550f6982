// The words of `switchyard index`: how they are read, what they may be, and how a collection gets its name.

export const USAGE = `Usage:
  switchyard index <folder>          index its Markdown, text, HTML and PDF files
  switchyard index <site map URL>    index the pages that a site lists; a site's own address works too
  switchyard index --refresh         bring every collection up to date
  switchyard index --remove <name>   remove a collection
  switchyard index                   list the collections
Options:
  --name <name>        name of the collection (default: the folder's or the host's name)
  --base-url <url>     address the folder stands for in citations (default: https://<name>.internal/)
  --limit <number>     most pages of a site (default: 10000)
  --all                read every page again, whatever date the site map gives`

/** A command line that cannot be followed. */
export class UsageError extends Error {}

export interface Command {
  readonly source: string | undefined
  readonly options: ReadonlyMap<string, string>
}

const WITH_VALUE = new Set(['name', 'base-url', 'limit', 'remove'])
const FLAGS = new Set(['all', 'refresh', 'help'])
/** @throws UsageError */
export function parseArguments(words: readonly string[]): Command {
  const options = new Map<string, string>()
  const sources: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (!word.startsWith('--')) {
      sources.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(2, equals < 0 ? undefined : equals)
    if (FLAGS.has(name) && equals < 0) options.set(name, '')
    else if (WITH_VALUE.has(name)) {
      const value = equals < 0 ? words[++at] : word.slice(equals + 1)
      if (value === undefined || value === '') throw new UsageError(`--${name} needs a value.`)
      options.set(name, value)
    } else throw new UsageError(`There is no option ${word}.`)
  }
  if (sources.length > 1) throw new UsageError('Give one folder or one site map at a time.')
  const command = { source: sources[0], options }
  check(command)
  return command
}

function check({ source, options }: Command): void {
  if (source !== undefined && (options.has('remove') || options.has('refresh')))
    throw new UsageError('--remove and --refresh take no folder and no site map.')
  const name = options.get('name')
  if (name !== undefined && slug(name) !== name)
    throw new UsageError('--name must be small letters, digits and inner dashes, at most 63 of them.')
  const base = options.get('base-url')
  if (base !== undefined && (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)))
    throw new UsageError('--base-url must be an http or https address.')
  const limit = Number(options.get('limit') ?? 1)
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit must be a whole number above 0.')
}

/** As one label of a host name: letters, digits, inner dashes. */
const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')

export const nameFrom = (text: string): string => slug(text) || 'documents'
