// A model without any search of its own answers from the operator's documents: the citation quotes the file, and the whole
// document can be fetched under the address that the citation gives.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runIndexCommand } from '../kit/index-command.ts'
import { startModel } from '../kit/scripted-model.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'
import { type Answer, type Citation, type FetchedPage, readAnswer } from '../kit/web-answers.ts'

const LEAVE =
  '# Annual leave\n\nEvery employee in Germany has 30 days of annual leave. Unused days may be carried over until the end of March.\n'
const URL_OF_LEAVE = 'https://handbook.internal/leave.md'

const directory = mkdtempSync(join(tmpdir(), 'cited-'))
const model = startModel()
let running: Running

beforeAll(async () => {
  const folder = join(directory, 'handbook')
  mkdirSync(folder)
  writeFileSync(join(folder, 'leave.md'), LEAVE)
  writeFileSync(join(folder, 'canteen.md'), '# Canteen\n\nLunch is served from noon until two.\n')
  running = await startSwitchyard({
    dataDirectory: directory,
    config: `
local_servers: false
channels:
  - { name: chat, provider: openai-compatible, base_url: "${model.upstream.url}/v1", credential: sk-up, models: [m-chat] }
`,
  })
  await runIndexCommand(directory, [folder])
})
afterAll(async () => {
  await running.stop()
  model.upstream.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function ask(content: string, tools: object[], stream: boolean): Promise<Answer> {
  const response = await fetch(`${running.url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm-chat', max_tokens: 500, stream, messages: [{ role: 'user', content }], tools }),
  })
  return readAnswer(response)
}

for (const stream of [false, true]) {
  test(`a search is answered from the index and cited from the file [${stream ? 'stream' : 'unary'}]`, async () => {
    model.say(
      [{ search: `days of annual leave${stream ? '' : ' in Germany'}` }],
      ['Employees in Germany have 30 days of annual leave [1]. ', 'Ask your lead.'],
    )
    const { message } = await ask('How much leave do I have?', [{ type: 'web_search_20250305', name: 'web_search' }], stream)
    const citations = message.content.flatMap((block): readonly Citation[] => block.citations ?? [])
    expect(citations.map(({ url, title }) => [url, title])).toEqual([[URL_OF_LEAVE, 'Annual leave']])
    expect(LEAVE).toContain(citations[0]?.cited_text as string)
    expect(citations[0]?.cited_text).toContain('30 days')
    expect(message.content.map(({ text = '' }) => text).join('')).not.toContain('[1]')
    expect(message.usage.server_tool_use?.web_search_requests).toBe(1)
  })
}

test('a fetch of a found document brings the file, and of a vanished one an error', async () => {
  model.say([{ fetch: URL_OF_LEAVE }], ['Read.'])
  const tools = [{ type: 'web_fetch_20250910', name: 'web_fetch' }]
  const found = (await ask(`Read ${URL_OF_LEAVE}`, tools, false)).message
  const page = found.content.find(({ type }) => type === 'web_fetch_tool_result')?.content as FetchedPage
  expect(page.content.source.data).toContain('carried over until the end of March')
  const missing = 'https://handbook.internal/none.md'
  model.say([{ fetch: missing }], ['Not there.'])
  const failed = (await ask(`Read ${missing}`, tools, false)).message
  const error = failed.content.find(({ type }) => type === 'web_fetch_tool_result')?.content as FetchedPage
  expect(error.error_code).toBe('url_not_accessible')
})
