// PostgreSQL away: nothing new begins, whoever asks and however they pay; what is under way keeps its last frame until the
// charge is written, and ends in an error when that takes too long.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { MASTER_KEY } from '../kit/admin-nodes.ts'
import { DOORS, doorOf, knock } from '../kit/doors.ts'
import { type Bank, dollars, MODEL_OF, openBank, owed, type Payer, payer, priceLine, type Rates } from '../kit/money.ts'
import { hasPostgres, type RunningPostgres, startPostgres } from '../kit/postgres.ts'
import { until } from '../kit/service.ts'

const RATES: Rates = { input_per_million: '3', output_per_million: '15' }
const SPENT = { fresh: 10, said: 7 }
const CREDIT = 10_000_000_000n

describe.skipIf(!hasPostgres)('PostgreSQL goes away', () => {
  let server: RunningPostgres
  let bank: Bank
  let customer: Payer
  beforeAll(async () => {
    server = await startPostgres()
    bank = await openBank({
      prices: DOORS.map((wire) => priceLine(RATES, { model: MODEL_OF[wire] })),
      environment: { DATABASE_URL: await server.freshDatabase(), SWITCHYARD_SECRET: MASTER_KEY },
    })
    customer = await payer(bank.running, '10')
  })
  afterAll(async () => {
    await bank?.stop()
    await server?.close()
  })

  const asks = (): [string, ReturnType<typeof doorOf>][] => [
    ['unmetered', doorOf(bank.running)],
    ['prepaid', doorOf({ ...bank.running, key: customer.key })],
  ]

  test('new requests get a 503 in their dialect and reach no upstream; afterwards all is well', async () => {
    bank.says(SPENT)
    for (const [, ask] of asks()) expect((await ask('chat', MODEL_OF.chat)).status).toBe(200)
    await server.stop('immediate')
    // The node looks twice a second.
    await Bun.sleep(1_200)
    const before = bank.upstream.received.length
    for (const [who, ask] of asks()) {
      for (const door of DOORS) {
        for (const stream of [false, true]) {
          const reply = await ask(door, MODEL_OF[door], { stream })
          expect({ who, door, status: reply.status }).toEqual({ who, door, status: 503 })
          expect(reply.json.error.message).toBe('The gateway cannot reach its storage.')
        }
      }
    }
    expect(bank.upstream.received.length).toBe(before)
    await server.start()
    for (const [, ask] of asks()) await until(async () => (await ask('chat', MODEL_OF.chat)).status === 200, 'answers again')
    await until(async () => (await customer.balance()) === CREDIT - 2n * owed(RATES, SPENT), 'two answers are paid, no hold is left')
  }, 60_000)

  /** A stream whose upstream ends while the database is away. @returns its text so far, growing, and its end. */
  async function streamed(key: string): Promise<{ text(): string; id: string | null; ended: Promise<void> }> {
    bank.script(() => ({ spent: SPENT, turn: ['begun ', 600, 'done'] }))
    const response = await knock({ ...bank.running, key }, { door: 'chat', model: MODEL_OF.chat, options: { stream: true } })
    let text = ''
    const decoder = new TextDecoder()
    const drain = async (): Promise<void> => {
      for await (const bytes of response.body as ReadableStream<Uint8Array>) text += decoder.decode(bytes, { stream: true })
    }
    const ended = drain().catch(() => {})
    await until(() => text.includes('begun'), 'it begins')
    return { text: () => text, id: response.headers.get('x-request-id'), ended }
  }

  test.each(['unmetered', 'prepaid'])(
    'a stream of an %s account holds its last frame until it is paid',
    async (who) => {
      const key = who === 'prepaid' ? customer.key : bank.running.key
      const stream = await streamed(key)
      await server.stop('immediate')
      await Bun.sleep(2_000)
      expect(stream.text()).toContain('done')
      expect(stream.text()).not.toContain('[DONE]')
      await server.start()
      await stream.ended
      expect(stream.text()).toEndWith('data: [DONE]\n\n')
      expect(stream.text()).not.toContain('"error"')
      expect((await bank.receipt(stream.id, key)).bill.charge).toBe(dollars(owed(RATES, SPENT)))
    },
    60_000,
  )

  test('and ends in an error when that takes too long; nothing is charged then', async () => {
    const { balance } = customer
    const before = await balance()
    const stream = await streamed(customer.key)
    const fromMs = performance.now()
    await server.stop('immediate')
    await stream.ended
    expect(performance.now() - fromMs).toBeGreaterThan(9_000)
    expect(performance.now() - fromMs).toBeLessThan(16_000)
    expect(stream.text()).toContain('cannot reach its storage')
    expect(stream.text()).not.toContain('"finish_reason":"stop"')
    await server.start()
    await until(async () => (await bank.receipt(stream.id, customer.key)).object === 'request', 'the log is written')
    expect(await bank.receipt(stream.id, customer.key)).toMatchObject({
      outcome: 'error',
      error: 'storage_unavailable',
      cost: null,
      bill: null,
    })
    // The hold ends by its lease.
    expect(await balance()).toBeLessThan(before)
  }, 60_000)
})
