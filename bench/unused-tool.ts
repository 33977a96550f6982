// What a declared web search costs that the model does not use, beside a declared function: processor time of the same
// request to the same process, alternating. Aim: at most 1.2 times. `node bin/bun.mjs run bench/unused-tool.ts`

import { KEY, startSwitchyard } from './gateways.ts'
import { median } from './measure.ts'
import { cpuMicros, startScript } from './processes.ts'

const PAIRS = 9
const REQUESTS = 1500
const LANES = 16

const MESSAGES = [{ role: 'user', content: 'The quick brown fox jumps over the lazy dog. '.repeat(40) }]
const TOOLS = {
  hosted: { type: 'web_search_20250305', name: 'web_search', max_uses: 5 },
  function: {
    name: 'web_search',
    description: 'Search the web. Use it for recent or uncertain facts. Ask one focused thing per call, in a few words.',
    input_schema: { type: 'object', properties: { query: { type: 'string', description: 'What to search for' } }, required: ['query'] },
  },
} as const

const upstream = await startScript({ script: 'bench/upstream.ts', place: 'around' })
const gateway = await startSwitchyard(`http://127.0.0.1:${upstream.port}`)

async function cost(tool: keyof typeof TOOLS, model: string): Promise<number> {
  const body = JSON.stringify({ model, max_tokens: 512, messages: MESSAGES, tools: [TOOLS[tool]], stream: model === 'stream' })
  const requests = model === 'stream' ? 60 : REQUESTS
  let left = requests
  const before = cpuMicros(gateway.pid)
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(`http://127.0.0.1:${gateway.port}/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body,
      })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return (cpuMicros(gateway.pid) - before) / requests
}

for (const model of ['unary', 'stream']) {
  await cost('function', model)
  await cost('hosted', model)
  const ratios: number[] = []
  const micros: number[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const plain = await cost('function', model)
    const hosted = await cost('hosted', model)
    ratios.push(hosted / plain)
    micros.push(plain)
  }
  console.log(
    `${model}: a function costs ${median(micros).toFixed(0)} µs, a hosted search ${median(ratios).toFixed(2)} times that (aim 1.2)`,
  )
}
await gateway.stop()
await upstream.stop()
