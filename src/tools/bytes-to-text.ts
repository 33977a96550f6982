// Bytes of a page to text: what kind of content they are, and in which character set.

/** What a page is, as far as we can read it. */
export type PageKind = 'html' | 'text' | 'pdf' | 'unsupported'

const HTML = /^(?:text\/html|application\/xhtml\+xml)$/
const TEXT =
  /^(?:text\/.*|application\/(?:json|xml|javascript|ecmascript|x-javascript|yaml|x-yaml|toml|ld\+json|graphql|sql|x-sh|rtf|.*\+json|.*\+xml)|image\/svg\+xml)$/

/** Judged by the declared type, checked against the first bytes, which win where they are plain. */
export function pageKind(contentType: string | null, bytes: Uint8Array): PageKind {
  if (ascii(bytes, 0, 5) === '%PDF-') return 'pdf'
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/pdf' || type === 'application/x-pdf') return 'unsupported'
  if (isBinary(bytes)) return 'unsupported'
  if (HTML.test(type)) return 'html'
  const looksHtml = /^\s*(?:<!doctype\s+html|<html|<head|<body)/i.test(ascii(bytes, 0, 1024).replace(/^ï»¿/, ''))
  if (TEXT.test(type)) return looksHtml && type === 'text/plain' ? 'html' : 'text'
  // Without a declared type the bytes alone decide.
  return type === '' || type === 'application/octet-stream' ? (looksHtml ? 'html' : type === '' ? 'text' : 'unsupported') : 'unsupported'
}

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))

/** Zero bytes mean a binary format, unless a byte order mark says UTF-16. */
function isBinary(bytes: Uint8Array): boolean {
  if (bomOf(bytes) !== undefined) return false
  return bytes.subarray(0, 1024).includes(0)
}

function bomOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}

/** Text by byte order mark, header, `meta` element, or UTF-8; Windows-1252 when it is no valid UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  const head = ascii(bytes, 0, 2048)
  const declared =
    bomOf(bytes) ??
    /charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(contentType ?? '')?.[1] ??
    /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1]
  const named = declared === undefined ? undefined : decoderFor(declared)
  if (named !== undefined) return named.decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

function decoderFor(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label)
  } catch {
    return undefined
  }
}
