// The local index from end to end: built by the command from a folder and from a site, beside the running server, and
// asked through the server. And what a fresh start says and does when there is nobody to search.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runIndexCommand } from '../kit/index-command.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { startUpstream } from '../kit/upstream.ts'

interface Found {
  readonly status: number
  readonly sandbox: boolean
  readonly json: { backend: string; results: { url: string; title: string; text: string }[]; error?: { message: string } }
}

async function search(running: Running, query: string): Promise<Found> {
  const response = await fetch(`${running.url}/v1/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}` },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, sandbox: response.headers.has('x-switchyard-sandbox'), json: (await response.json()) as Found['json'] }
}

describe('a folder', () => {
  const directory = mkdtempSync(join(tmpdir(), 'index-'))
  const folder = join(directory, 'Team Handbook')
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  const index = (...words: string[]) => runIndexCommand(directory, words)
  let running: Running

  beforeAll(async () => {
    mkdirSync(join(folder, 'policies'), { recursive: true })
    write('policies/leave.md', '# Annual leave\n\nEvery employee in Germany has 30 days of annual leave.\n')
    write('pager.txt', 'The pager rotation changes on Mondays at ten.')
    write('canteen.html', '<html><title>Canteen</title><p>Lunch is served from noon.</p></html>')
    running = await startSwitchyard({ dataDirectory: directory, config: 'local_servers: false\nsandbox: off\n' })
  })
  afterAll(async () => {
    await running.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  test('before it is indexed a search is refused with what to do, and the start said so in one line', async () => {
    const { status, json } = await search(running, 'annual leave')
    expect(status).toBe(400)
    expect(json.error?.message).toMatch(/`search`.*switchyard index/s)
    expect(running.output().match(/^Web search has no backend yet: .*switchyard index.*SearXNG.*$/gm)).toHaveLength(1)
  })

  test('indexed beside the running server is found at once, under addresses a reader can follow back', async () => {
    const { code, output } = await index(folder)
    expect(code).toBe(0)
    expect(output).toContain('team-handbook: 3/3 (100 %)')
    expect(output).toContain('team-handbook: 3 documents (3 new, 0 changed, 0 unchanged, 0 removed, 0 failed)')
    const { json } = await search(running, 'How many days of annual leave do employees have?')
    expect(json.backend).toBe('local')
    expect(json.results[0]).toMatchObject({
      url: 'https://team-handbook.internal/policies/leave.md',
      title: 'Annual leave',
    })
    expect(json.results[0]?.text).toContain('30 days of annual leave')
  })

  test('indexed again changes what changed and nothing else', async () => {
    expect((await search(running, 'when does the pager rotation change')).json.results[0]?.text).toContain('Mondays at ten')
    write('pager.txt', 'The pager rotation changes on Tuesdays at nine.')
    rmSync(join(folder, 'canteen.html'))
    expect((await index(folder)).output).toContain('2 documents (0 new, 1 changed, 1 unchanged, 1 removed, 0 failed)')
    expect((await index('--refresh')).output).toContain('2 documents (0 new, 0 changed, 2 unchanged, 0 removed, 0 failed)')
    expect((await search(running, 'when does the pager rotation change')).json.results[0]?.text).toContain('Tuesdays at nine')
    expect((await search(running, 'canteen lunch')).json.results).toEqual([])
    expect((await index()).output).toMatch(/^team-handbook: 2 documents from .*Team Handbook, refreshed 20/m)
  })

  test('is kept when its source is gone, and goes when it is removed', async () => {
    const other = join(directory, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'a.md'), 'Quokkas smile.')
    await index(other, '--name', 'zoo', '--base-url', 'https://zoo.example/docs')
    rmSync(other, { recursive: true })
    const refreshed = await index('--refresh')
    expect([refreshed.code, refreshed.output.includes('zoo: ')]).toEqual([1, true])
    expect((await search(running, 'quokkas')).json.results[0]?.url).toBe('https://zoo.example/docs/a.md')
    expect((await index('--remove', 'zoo')).output).toContain('zoo: 1 document removed')
    expect((await search(running, 'quokkas that smile')).json.results).toEqual([])
  })

  test('and a wrong command line says what is right', async () => {
    for (const words of [
      ['--nope'],
      ['a', 'b'],
      ['--name'],
      [folder, '--name', 'Bad Name'],
      [folder, '--base-url', 'x'],
      [folder, '--limit', '0'],
    ]) {
      const { code, output } = await index(...words)
      expect([words, code]).toEqual([words, 2])
      expect(output).toContain('Usage:')
    }
    expect(await index('/nowhere')).toMatchObject({ code: 1 })
    expect((await index(folder, '--name', 'second')).code).toBe(0)
    expect((await index(directory, '--name', 'second')).output).toContain('belongs to')
  })
})

describe('a site', () => {
  test('is indexed from its map through the guard, with robots.txt obeyed for hosts that are not excepted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'index-'))
    const site = startUpstream()
    const page = (title: string, text: string) => ({
      headers: { 'content-type': 'text/html' },
      body: `<title>${title}</title><main><p>${text}</p></main>`,
    })
    site.answer(({ path }) => {
      if (path === '/sitemap.xml') {
        const urls = ['/guide', '/pricing', '/gone'].map((each) => `<url><loc>${site.url}${each}</loc></url>`).join('')
        return {
          headers: { 'content-type': 'application/xml' },
          body: `<?xml version="1.0"?><urlset>${urls}<url><loc>http://169.254.169.254/latest</loc></url></urlset>`,
        }
      }
      if (path === '/guide') return page('Guide', 'Turn the valve twice before the pump starts.')
      return path === '/pricing' ? page('Pricing', 'The pump costs 40 euros.') : { status: 404 }
    })
    const host = new URL(site.url).host
    const running = await startSwitchyard({ dataDirectory: directory, config: `local_servers: false\nweb: { allow_hosts: ["${host}"] }\n` })
    try {
      const { code, output } = await runIndexCommand(directory, [`${site.url}/sitemap.xml`, '--name', 'pumps'])
      expect(output).toContain('pumps: 2 documents (2 new, 0 changed, 0 unchanged, 0 removed, 0 failed)')
      expect(output).toContain(`not indexed: ${site.url}/gone (status 404)`)
      expect(code).toBe(0)
      const { json } = await search(running, 'what does the pump cost')
      expect(json.results[0]).toMatchObject({ url: `${site.url}/pricing`, title: 'Pricing', text: 'The pump costs 40 euros.' })
      writeFileSync(join(directory, 'config.yaml'), 'local_servers: false\n')
      const refused = await runIndexCommand(directory, [`${site.url}/sitemap.xml`, '--name', 'pumps'])
      expect([refused.code, refused.output.includes('left as it was')]).toEqual([1, true])
    } finally {
      await running.stop()
      site.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('a fresh start', () => {
  test('answers from the sample corpus, says that it is the sandbox, and seals with a key of its own', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'index-'))
    const running = await startSwitchyard({ dataDirectory: directory })
    try {
      const { status, sandbox, json } = await search(running, 'How do I update a web app to TypeScript 5.5?')
      expect([status, sandbox, json.backend]).toEqual([200, true, 'sandbox'])
      expect(json.results[0]?.url).toBe('https://webdev.example.com/guides/upgrade-typescript-5-5')
      expect(statSync(join(directory, 'data', 'secret')).mode & 0o777).toBe(0o600)
    } finally {
      await running.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('with a wrong setting does not start and says which', async () => {
    await expect(startSwitchyard({ config: 'search: [{ name: x, backend: bing }]\n' })).rejects.toThrow(
      /search x: there is no backend `bing`/,
    )
    await expect(startSwitchyard({ environment: { SWITCHYARD_SECRET: 'nonsense' } })).rejects.toThrow(/SWITCHYARD_SECRET: seal key 1/)
  })
})
