import { describe, expect, test } from 'bun:test'
import { indexChunks, readSiteMap } from './documents.ts'

describe('site maps', () => {
  test('pages with dates', () => {
    const xml = `<?xml version="1.0"?><urlset xmlns="x"><url><loc> https://a.example/1?x=1&amp;y=2 </loc><lastmod>2025-01-02</lastmod></url>
      <url><loc><![CDATA[https://a.example/2]]></loc><lastmod>soon</lastmod></url><url><loc>ftp://no</loc></url><url></url></urlset>`
    expect(readSiteMap(xml)).toEqual({
      pages: [{ url: 'https://a.example/1?x=1&y=2', changedMs: Date.UTC(2025, 0, 2) }, { url: 'https://a.example/2' }],
      maps: [],
    })
  })
  test('indexes and plain lists', () => {
    expect(readSiteMap('<sitemapindex><sitemap><loc>https://a.example/m.xml</loc></sitemap></sitemapindex>').maps).toEqual([
      'https://a.example/m.xml',
    ])
    expect(readSiteMap('https://a.example/\r\nnonsense\nhttps://b.example/x').pages.map(({ url }) => url)).toEqual([
      'https://a.example/',
      'https://b.example/x',
    ])
    expect(readSiteMap('')).toEqual({ pages: [], maps: [] })
  })
})

test('chunks overlap and hold every sentence', () => {
  const sentences = Array.from({ length: 200 }, (_, i) => `This is sentence number ${i} of the text.`)
  const chunks = indexChunks(sentences.join(' '))
  for (const sentence of sentences) expect(chunks.some((chunk) => chunk.includes(sentence))).toBe(true)
  for (const chunk of chunks) expect(chunk.length).toBeLessThan(2000)
  expect(chunks[1]).toStartWith((chunks[0] as string).split('\n\n').at(-1) as string)
  expect(indexChunks('')).toEqual([])
})
