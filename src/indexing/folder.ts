// Markdown, text, HTML and PDF files of a folder as documents.

import { createHash } from 'node:crypto'
import { type ListedFile, listFiles, readBytes } from '../lib/platform/files.ts'
import { decodeText, htmlToText, readPdf, visible } from '../tools/index.ts'
import { type ListedDocument, READING_VERSION, type Reading, reasonOf, SourceError } from './source.ts'

const KINDS: Readonly<Record<string, 'markdown' | 'text' | 'html' | 'pdf'>> = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  txt: 'text',
  text: 'text',
  rst: 'text',
  html: 'html',
  htm: 'html',
  pdf: 'pdf',
}
const MAX_BYTES = 50 * 1024 * 1024
/** Hidden files, and what is never written by hand. */
const skipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules'

/**
 * @param root absolute path.
 * @param baseUrl address that the folder stands for, with a slash at its end.
 * @throws SourceError when the folder cannot be listed.
 */
export async function folderDocuments(root: string, baseUrl: string): Promise<ListedDocument[]> {
  let files: ListedFile[]
  try {
    files = await listFiles(root, skipped)
  } catch (cause) {
    throw new SourceError(`${root}: ${reasonOf(cause)}`)
  }
  return files.flatMap((file) => {
    const name = file.names.at(-1) as string
    const kind = KINDS[name.slice(name.lastIndexOf('.') + 1).toLowerCase()]
    if (kind === undefined || !name.includes('.')) return []
    const url = new URL(file.names.map(encodeURIComponent).join('/'), baseUrl).href
    const read = (knownHash: string | undefined): Promise<Reading> => readDocument(file, { kind, url, knownHash })
    return [{ url, label: file.names.join('/'), changedMs: file.changedMs, trustsDate: false, read }]
  })
}

interface FileReading {
  readonly kind: 'markdown' | 'text' | 'html' | 'pdf'
  readonly url: string
  readonly knownHash: string | undefined
}

async function readDocument(file: ListedFile, { kind, url, knownHash }: FileReading): Promise<Reading> {
  if (file.bytes > MAX_BYTES) return { state: 'failed', reason: 'the file is too large' }
  try {
    const bytes = await readBytes(file.path)
    const hash = createHash('sha256').update(`${READING_VERSION} ${kind} `).update(bytes).digest('hex')
    if (hash === knownHash) return { state: 'same' }
    const { title, text } = await textOf(bytes, kind, url)
    return { state: 'read', hash, title: title ?? (file.names.at(-1) as string), text }
  } catch (thrown) {
    return { state: 'failed', reason: kind === 'pdf' ? 'it is no readable PDF' : reasonOf(thrown) }
  }
}

async function textOf(bytes: Uint8Array, kind: FileReading['kind'], url: string): Promise<{ title?: string; text: string }> {
  if (kind === 'pdf') return { text: (await readPdf(bytes)).join('\n\n') }
  const decoded = decodeText(bytes, null)
  if (kind === 'html') return htmlToText(decoded, { url, links: false })
  const text = visible(decoded).replace(/\r\n?/g, '\n')
  return kind === 'markdown' ? markdown(text) : { text }
}

/** The title from front matter or the first heading; link targets and comments are no words of the text. */
function markdown(source: string): { title?: string; text: string } {
  const front = /^---\n([\s\S]*?)\n---(?:\n|$)/.exec(source)
  const body = front === null ? source : source.slice(front[0].length)
  const named = /^title:[ \t]*(.+)$/m.exec(front?.[1] ?? '')?.[1]?.trim()
  const title = named?.replace(/^(["'])(.*)\1$/, '$2') ?? /^#[ \t]+(.+?)[ \t#]*$/m.exec(body)?.[1]
  const text = body
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/!?\[([^\]\n]{0,500})\]\([^()\s]{0,2000}(?:[ \t]+"[^"\n]{0,500}")?\)/g, '$1')
    .trim()
  return title === undefined || title === '' ? { text } : { title, text }
}
