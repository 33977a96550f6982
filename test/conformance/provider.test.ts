// One contract for every provider: what it declares exists, compiles into a channel, and survives the
// scenario catalogue. No vendor is called.

import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import { chatFormat } from '../../src/formats/index.ts'
import type { Frame } from '../../src/lib/framing/frame.ts'
import { isObject } from '../../src/lib/json.ts'
import { Secret } from '../../src/lib/secret.ts'
import { runThrough } from '../../src/lib/transducer.ts'
import { PROVIDERS } from '../../src/providers/index.ts'
import { compileSnapshot } from '../../src/snapshot/index.ts'
import { contextFor } from '../golden/matrix.ts'
import { REQUESTS } from '../kit/scenarios.ts'

for (const provider of PROVIDERS) {
  describe(provider.id, () => {
    const settings = Object.fromEntries((provider.settings ?? []).map(({ name, default: usual }) => [name, usual ?? 'x1']))
    const context = { upstreamModel: 'some-model', stream: false, settings }

    test('compiles into a channel with an address for each format', () => {
      const snapshot = compileSnapshot(
        [
          {
            id: 'ch_1',
            name: 'it',
            origin: 'file',
            provider: provider.id,
            ...(provider.baseUrl === undefined && provider.baseUrlFrom === undefined && { baseUrl: 'https://host.example/v1' }),
            auth: { credential: new Secret('sk-anything') },
            models: [{ model: 'm', upstreamModel: 'some-model' }],
            priority: 0,
            weight: 1,
            settings,
            headers: {},
          },
        ],
        1,
      )
      const [route] = snapshot.routes('m')
      expect(route?.channel.formats.length).toBe(provider.formats.length)
      for (const { baseUrl, declared, format } of route?.channel.formats ?? []) {
        const url = new URL(baseUrl + (declared.path?.(context) ?? format.path('some-model', false)))
        expect(url.href).not.toContain('undefined')
        expect(url.href).not.toContain('{')
      }
    })

    for (const declared of provider.formats) {
      const format = chatFormat(declared.format)
      if (format === undefined) throw new Error(`${provider.id} declares ${declared.format}, which does not exist`)

      for (const [name, request] of Object.entries(REQUESTS)) {
        test(`${declared.format}, ${name}: repairs keep a body a body and leave their argument alone`, () => {
          let body: ReturnType<typeof format.encodeRequest>['body']
          try {
            body = format.encodeRequest(contextFor(format, request)).body
          } catch (thrown) {
            // The format itself cannot say it: that is the golden matrix's matter.
            expect(thrown).toBeInstanceOf(GatewayError)
            return
          }
          for (const stream of [false, true]) {
            const before = JSON.stringify(body)
            const after = (declared.request ?? []).reduce((current, quirk) => quirk(current, { ...context, stream }), body)
            expect(JSON.stringify(body)).toBe(before)
            expect(isObject(JSON.parse(JSON.stringify(after)))).toBe(true)
          }
        })
      }

      test(`${declared.format}: a repair of frames neither swallows nor invents an end`, () => {
        if (declared.frames === undefined || declared.framing !== undefined) return
        const frames: Frame[] = [{ data: '{"choices":[{"index":0,"delta":{"content":"plain words"}}]}' }, { data: '[DONE]' }]
        const out = runThrough(declared.frames(), frames)
        expect(out.map(({ data }) => data).join('')).toContain('plain words')
        expect(out.at(-1)?.data).toBe('[DONE]')
      })
    }
  })
}
