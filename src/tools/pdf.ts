// PDF to text, page by page. The parser is large and seldom needed, so it is loaded when the first PDF comes.

/** Pages and text beyond these are left out: a hostile file must not hold the process. */
const MAX_PAGES = 300
const MAX_UNITS = 2_000_000

interface TextItem {
  readonly str?: string
  readonly hasEOL?: boolean
}

/** The text of each page, from the first. @throws when the bytes are no readable PDF. */
export async function readPdf(bytes: Uint8Array): Promise<string[]> {
  const { getDocumentProxy } = await import('unpdf')
  // The parser takes its input over, and the caller still needs the bytes.
  const document = await getDocumentProxy(new Uint8Array(bytes), { disableFontFace: true, stopAtErrors: false, verbosity: 0 })
  const pages: string[] = []
  let units = 0
  try {
    for (let number = 1; number <= Math.min(document.numPages, MAX_PAGES) && units < MAX_UNITS; number++) {
      const page = await document.getPage(number)
      const content = await page.getTextContent()
      const text = lines(content.items as readonly TextItem[])
      pages.push(text)
      units += text.length
      page.cleanup()
    }
  } finally {
    await document.loadingTask.destroy()
  }
  return pages
}

const lines = (items: readonly TextItem[]): string =>
  items
    .map(({ str = '', hasEOL = false }) => (hasEOL ? `${str}\n` : str))
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    // A word that was broken at the end of a line.
    .replace(/(\p{Ll})-\n(?=\p{Ll})/gu, '$1')
    .trim()
