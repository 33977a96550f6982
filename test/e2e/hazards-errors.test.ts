// Refusals of every upstream to every client: status, the client's own shape, the words that may pass and those that
// may not, waits, and what only one vendor's clients know (hazards H189 to H193).

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DOORS, type Door, type House, type Loose, openHouse, SECRET, WIRES } from '../kit/doors.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.stop())

/** Whether a body is an error as the SDK of the format reads it. */
function isOwnError(door: Door, json: Loose): boolean {
  const { error } = json
  if (typeof error?.message !== 'string' || error.message === '') return false
  if (door === 'messages') return json.type === 'error' && typeof error.type === 'string'
  if (door === 'gemini') return typeof error.code === 'number' && /^[A-Z_]+$/.test(error.status)
  return typeof error.type === 'string' && 'param' in error && 'code' in error
}

const shapes: Readonly<Record<keyof typeof WIRES, (message: string) => object>> = {
  chat: (message) => ({ error: { message, type: 'some_error', param: null, code: null } }),
  responses: (message) => ({ error: { message, type: 'some_error', param: null, code: null } }),
  messages: (message) => ({ type: 'error', error: { type: 'whatever', message }, request_id: 'req_up' }),
  gemini: (message) => ({ error: { code: 0, message, status: '' } }),
}
/** Upstream status, and what clients get. */
const STATUSES: readonly (readonly [number, number])[] = [
  [400, 400],
  [401, 502],
  [402, 502],
  [403, 502],
  [404, 404],
  [408, 504],
  [409, 409],
  [413, 413],
  [422, 422],
  [429, 429],
  [500, 502],
  [502, 502],
  [503, 503],
  [504, 504],
  [520, 502],
  [522, 504],
  [524, 504],
]

for (const [wire, model] of Object.entries(WIRES)) {
  describe(`${wire} refuses`, () => {
    test('every client gets its own error, the words that are for it, and no secret', async () => {
      for (const [status, shown] of STATUSES) {
        const message = `words of ${status} for ${SECRET} in org-abcdefgh12 at ${house.upstream.url}`
        house.upstream.answer({ status, body: shapes[wire as keyof typeof WIRES](message) })
        const asked = DOORS.flatMap((door) => [false, true].map((stream) => ({ door, stream })))
        const replies = await Promise.all(
          asked.map(async ({ door, stream }) => ({ door, reply: await house.ask(door, model, { stream }) })),
        )
        for (const { door, reply } of replies) {
          // Messages clients alone know 529; for an overload they get it.
          expect([status, reply.status]).toEqual([status, door === 'messages' && shown === 503 ? 529 : shown])
          expect(isOwnError(door, reply.json)).toBe(true)
          expect(reply.text).not.toContain(SECRET)
          expect(reply.text).not.toContain('org-abcdefgh12')
          expect(reply.text).not.toContain(new URL(house.upstream.url).host)
          expect(reply.text.includes('words of')).toBe(![401, 402, 403].includes(status) && !(status === 404 && wire === 'chat'))
          if (shown === 429) expect(reply.headers.get('retry-after')).toBe('1')
        }
      }
    })

    test('with rubbish: HTML, nothing, half of a JSON, a list, a number', async () => {
      for (const body of [
        '<html><body>502 Bad Gateway</body></html>',
        '',
        '{"error":{"mess',
        '[]',
        '7',
        'null',
        '"no"',
        '[{"error":{"message":"x"}}]',
      ]) {
        for (const status of [400, 500]) {
          house.upstream.answer({ status, body, headers: { 'content-type': 'text/html' } })
          const replies = await Promise.all(DOORS.map(async (door) => ({ door, reply: await house.ask(door, model) })))
          for (const { door, reply } of replies) {
            expect(reply.status).toBe(status === 400 ? 400 : 502)
            expect(isOwnError(door, reply.json)).toBe(true)
            expect(reply.text).not.toContain('<html')
          }
        }
      }
    })
  })
}

test('529 is an overload to Messages clients and a 503 to all others', async () => {
  house.upstream.answer({ status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } })
  for (const door of DOORS) expect((await house.ask(door, 'a')).status).toBe(door === 'messages' ? 529 : 503)
})

test('content that a model cannot take is refused with its place', async () => {
  const { status, json } = await house.ask('messages', 'c', {
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'container_upload', file_id: 'f' },
          ],
        },
      ],
    },
  })
  expect(status).toBe(400)
  expect(json.error.message).toContain('container_upload')
  const chat = await house.ask('chat', 'a', {
    body: { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }] }] },
  })
  expect(chat.status).toBe(400)
  expect(chat.json.error.param).toBe('messages[0].content[0]')
})

describe('numbers out of range', () => {
  test('are the client\u2019s mistake by its own rule', async () => {
    const cases: readonly [Door, object, string][] = [
      ['chat', { temperature: 2.1 }, 'temperature'],
      ['chat', { top_p: -0.1 }, 'top_p'],
      ['chat', { frequency_penalty: 3 }, 'frequency_penalty'],
      ['responses', { temperature: -1 }, 'temperature'],
      ['messages', { temperature: 1.5 }, 'temperature'],
      ['gemini', { generationConfig: { temperature: 2.5 } }, 'temperature'],
    ]
    for (const [door, body, field] of cases) {
      const model = door === 'gemini' || door === 'responses' ? 'c' : door === 'chat' ? 'a' : 'g'
      const { status, text } = await house.ask(door, model, { body })
      expect([door, status]).toEqual([door, 400])
      expect(text).toContain(field)
    }
  })

  test('that only the upstream refuses are clamped, aloud', async () => {
    house.upstream.answer({ body: { content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn', usage: {} } })
    const { status, warnings } = await house.ask('chat', 'claude-sonnet-4-5', { body: { temperature: 1.7 } })
    expect([status, warnings]).toEqual([200, ['changed temperature']])
    expect(house.upstream.received.at(-1)?.json.temperature).toBe(1)
  })
})
