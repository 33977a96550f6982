// Each coding client completes a tool round trip through Switchyard: against an upstream of its own format and, by
// translation, against one of every other. `test/tool-call` asks for `echo hello` first and quotes the output afterwards.
// Run on demand (`npm run test:clients`); a client that is not installed is skipped, and the run says so.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'
import { CLIENTS, claudeCode, isInstalled, LIMIT_MS, runClient } from './client.ts'

const UPSTREAMS = {
  'openai-chat': 'sandbox-openai',
  'openai-responses': 'sandbox-openai',
  'anthropic-messages': 'sandbox-anthropic',
  'gemini-generate-content': 'sandbox-gemini',
}

const channels = Object.entries(UPSTREAMS).map(([format, provider]) => ({
  name: format,
  provider,
  formats: [format],
  models: [{ model: `via-${format}`, upstream_model: 'test/tool-call' }],
}))

const searching = [
  // Names that Claude Code knows: it writes its prompts differently for others.
  { name: 'claude-3-7-sonnet-20250219', web_search: 'auto' },
  { name: 'claude-3-5-sonnet-20241022', web_search: 'gateway' },
].map((channel) => ({
  ...channel,
  provider: 'sandbox-anthropic',
  models: [{ model: channel.name, upstream_model: 'claude-3-7-sonnet-20250219' }],
}))

interface Exchange {
  readonly outcome: string
  readonly model: string
}

let running: Running
beforeAll(async () => {
  running = await startSwitchyard({
    config: JSON.stringify({
      local_servers: false,
      search: [{ name: 'fixture', backend: 'fixture' }],
      channels: [...channels, ...searching],
    }),
  })
})
afterAll(() => running.stop())

/** What the log tells of the exchanges since `from`, a length of the output. */
const exchanges = (from: number): Exchange[] =>
  running
    .output()
    .slice(from)
    .split('\n')
    .filter((line) => line.includes('"message":"exchange"'))
    .map((line) => JSON.parse(line) as Exchange)

for (const client of CLIENTS) {
  const installed = isInstalled(client)
  if (!installed) console.log(`SKIPPED ${client.name}: not installed, see docs/clients.md`)
  describe.skipIf(!installed)(client.name, () => {
    for (const model of ['test/tool-call', ...channels.map(({ name }) => `via-${name}`)]) {
      test(
        model,
        async () => {
          const from = running.output().length
          const { exitCode, stdout, stderr } = await runClient(client, { url: running.url, key: running.key, model })
          expect(exitCode, `${stdout}\n${stderr}`).toBe(0)
          expect(stdout).toMatch(/got this result:[\s\S]*hello/)
          // A line of the log may come after the answer it tells of.
          await waitFor(() => exchanges(from).filter((exchange) => exchange.model === model).length >= 2 || undefined, running.output)
          expect(exchanges(from).filter(({ outcome }) => outcome !== 'ok')).toEqual([])
        },
        LIMIT_MS + 10_000,
      )
    }
  })
}

describe.skipIf(!isInstalled(claudeCode))("Claude Code's own web search", () => {
  for (const { name: model } of searching) {
    test(
      model,
      async () => {
        const prompt = 'Use WebSearch to find out how a web app moves to TypeScript 5.5'
        const { exitCode, stdout, stderr } = await runClient(claudeCode, { url: running.url, key: running.key, model, prompt })
        expect(exitCode, `${stdout}\n${stderr}`).toBe(0)
        expect(stdout).toContain('"searchCount":1')
      },
      LIMIT_MS + 10_000,
    )
  }
})
