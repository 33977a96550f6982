import { describe, expect, test } from 'bun:test'
import { readPdf } from './pdf.ts'

/** A small PDF with one line of text on each page. */
function pdfOf(...texts: string[]): Uint8Array {
  const font = 3 + texts.length * 2
  const kids = texts.map((_, i) => `${3 + i * 2} 0 R`).join(' ')
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', `<< /Type /Pages /Kids [${kids}] /Count ${texts.length} >>`]
  for (const [i, text] of texts.entries()) {
    const stream = `BT /F1 24 Tf 72 700 Td (${text}) Tj ET`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${4 + i * 2} 0 R /Resources << /Font << /F1 ${font} 0 R >> >> >>`,
    )
    objects.push(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`)
  }
  objects.push('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>')
  let file = '%PDF-1.4\n'
  const places = objects.map((object, i) => {
    const place = file.length
    file += `${i + 1} 0 obj\n${object}\nendobj\n`
    return place
  })
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  return new TextEncoder().encode(
    `${file}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF`,
  )
}

describe('PDF', () => {
  test('is read page by page, and the bytes stay', async () => {
    const bytes = pdfOf('Hello PDF world.', 'Second page.')
    const size = bytes.length
    expect(await readPdf(bytes)).toEqual(['Hello PDF world.', 'Second page.'])
    expect(bytes.length).toBe(size)
  })
  test('what is none is refused', async () => {
    await expect(readPdf(new TextEncoder().encode('%PDF-1.4 nothing more'))).rejects.toThrow()
  })
})
