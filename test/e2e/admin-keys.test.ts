// Keys over their life: shown once, narrowed, rotated, revoked on every node.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AdminCall, adminOf, done } from '../kit/admin.ts'
import { NODE_ENGINES, type Nodes, startNodes } from '../kit/admin-nodes.ts'
import type { Running } from '../kit/switchyard.ts'

const ask = async (at: Running, key: string, model = 'gpt-4o-mini', headers: Record<string, string> = {}): Promise<number> => {
  const response = await fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return response.status
}
for (const { engine, present } of NODE_ENGINES)
  describe.skipIf(!present)(`on ${engine}`, () => {
    let nodes: Nodes
    let running: Running
    let other: Running
    let admin: AdminCall
    beforeAll(async () => {
      nodes = await startNodes(engine)
      running = nodes.one
      other = nodes.two
      admin = adminOf(running)
    }, 30_000)
    afterAll(() => nodes?.stop())

    const make = (body: object) => done(admin('POST', '/admin/keys', { name: 'k', ...body }))

    test('a key is shown once and stored nowhere', async () => {
      const made = await make({ name: 'shown once' })
      expect(made.key).toMatch(/^sk-[A-Za-z0-9]{48}$/)
      expect(await ask(running, made.key)).toBe(200)
      const shown = await done(admin('GET', `/admin/keys/${made.id}`))
      expect(shown.key).toBeUndefined()
      expect(JSON.stringify(shown)).not.toContain(made.key)
      const audit = await admin('GET', `/admin/audit?resource_id=${made.id}`)
      expect(audit.body.data).toHaveLength(1)
      expect(audit.text).not.toContain(made.key)
      expect(await nodes.stores(made.key)).toBe(false)
      expect(await nodes.stores(made.hint)).toBe(true)
    })

    test('a revoked key stops working on every node within a second', async () => {
      for (let round = 0; round < 3; round++) {
        const made = await make({})
        expect(await ask(running, made.key)).toBe(200)
        expect(await ask(other, made.key)).toBe(200)
        expect((await admin('DELETE', `/admin/keys/${made.id}`)).status).toBe(204)
        const revokedMs = performance.now()
        expect(await ask(running, made.key)).toBe(401)
        while ((await ask(other, made.key)) !== 401) if (performance.now() - revokedMs > 3_000) break
        expect(performance.now() - revokedMs).toBeLessThan(1_000)
      }
    })

    test('rotation leaves the old key good for the overlap, and no longer', async () => {
      const made = await make({})
      const rotated = await done(admin('POST', `/admin/keys/${made.id}/rotate`, { overlap_seconds: 1 }))
      expect(rotated.key).not.toBe(made.key)
      expect(await ask(running, made.key)).toBe(200)
      expect(await ask(other, rotated.key)).toBe(200)
      await Bun.sleep(1_100)
      expect(await ask(running, made.key)).toBe(401)
      expect(await ask(running, rotated.key)).toBe(200)
      const again = await done(admin('POST', `/admin/keys/${made.id}/rotate`, {}))
      expect(await ask(running, rotated.key)).toBe(401)
      expect(await ask(running, again.key)).toBe(200)
    })

    describe('what a key may not', () => {
      test('other models', async () => {
        const { key } = await make({ models: ['gpt-4o*', 'test/echo'] })
        expect(await ask(running, key)).toBe(200)
        expect(await ask(running, key, 'test/echo')).toBe(200)
        expect(await ask(running, key, 'gemini-2.5-flash')).toBe(404)
        const group = await done(admin('POST', '/admin/groups', { name: 'narrow', models: ['test/*'] }))
        const both = await make({ models: ['gpt-4o*', 'test/echo'], group_id: group.id })
        expect(await ask(running, both.key)).toBe(404)
        expect(await ask(running, both.key, 'test/echo')).toBe(200)
      })
      test('other channels', async () => {
        const { key } = await make({ channels: ['nowhere'] })
        expect(await ask(running, key)).toBe(404)
      })
      test('other addresses', async () => {
        expect(await ask(running, (await make({ addresses: ['127.0.0.0/8', '2001:db8::/32'] })).key)).toBe(200)
        const elsewhere = await make({ addresses: ['10.0.0.0/8'] })
        expect(await ask(running, elsewhere.key)).toBe(403)
        // Nobody named a proxy whose word counts.
        expect(await ask(running, elsewhere.key, 'gpt-4o-mini', { 'x-forwarded-for': '10.1.1.1' })).toBe(403)
      })
      test('after its end, or when its project is disabled', async () => {
        const ended = await make({ expires_at: '2020-01-01T00:00:00Z' })
        expect(await ask(running, ended.key)).toBe(401)
        const project = await done(admin('POST', '/admin/projects', { name: 'p' }))
        const made = await make({ project_id: project.id })
        expect(await ask(running, made.key)).toBe(200)
        await done(admin('PATCH', `/admin/projects/${project.id}`, { disabled: true }))
        expect(await ask(running, made.key)).toBe(401)
        await done(admin('PATCH', `/admin/projects/${project.id}`, { disabled: false }))
        expect(await ask(running, made.key)).toBe(200)
      })
      test('administration, unless it has a role', async () => {
        const plain = await make({})
        const answer = await adminOf({ ...running, key: plain.key })('GET', '/admin/keys')
        expect(answer.status).toBe(403)
        expect(answer.body.error.code).toBe('permission_denied')
      })
    })

    test('a test-mode twin gets the sandbox only', async () => {
      const made = await make({ test_twin: true })
      expect(made.twin.key).toMatch(/^sk-test-/)
      expect(made.twin.twin_of).toBe(made.id)
      expect(await ask(running, made.twin.key)).toBe(200)
      const refused = await admin('PATCH', `/admin/keys/${made.twin.id}`, { role: 'owner' })
      expect(refused.status).toBe(400)
    })

    test('one who reads stale changes nothing', async () => {
      const made = await make({})
      const first = await admin('PATCH', `/admin/keys/${made.id}`, { name: 'first', version: 1 })
      expect(first.headers.get('etag')).toBe('"2"')
      expect((await admin('PATCH', `/admin/keys/${made.id}`, { name: 'second', version: 1 })).status).toBe(409)
      expect((await admin('PATCH', `/admin/keys/${made.id}`, { name: 'second' }, { 'if-match': '"1"' })).status).toBe(412)
      expect((await admin('PATCH', `/admin/keys/${made.id}`, { name: 'second' }, { 'if-match': '"2"' })).status).toBe(200)
      const raced = await Promise.all(
        Array.from({ length: 10 }, (_, at) => admin('PATCH', `/admin/keys/${made.id}`, { name: `n${at}`, version: 3 })),
      )
      expect(raced.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
    })

    test('every fault of the input is named', async () => {
      const answer = await admin('POST', '/admin/keys', { name: '', models: [1], surprise: true, addresses: 'x', requests_per_minute: 0 })
      expect(answer.status).toBe(400)
      expect(answer.body.error.fields.map(({ field }: { field: string }) => field).sort()).toEqual(
        ['addresses', 'models.0', 'name', 'requests_per_minute', 'surprise'].sort(),
      )
      expect((await admin('POST', '/admin/keys', { name: 'x', addresses: ['10.0.0.0/33', '10.1'] })).body.error.fields).toHaveLength(2)
      for (const body of ['[]', 'null', '"x"', '{', '{"name":null}', `{"name":"${'x'.repeat(200)}"}`])
        expect((await admin('POST', '/admin/keys', body)).status).toBe(400)
      expect((await admin('POST', '/admin/keys', { name: 'x', project_id: 'prj_none' })).status).toBe(400)
      expect((await admin('GET', '/admin/keys/key_none')).status).toBe(404)
      expect((await admin('GET', '/admin/nothing')).status).toBe(404)
      expect((await admin('PUT', '/admin/keys')).headers.get('allow')).toBe('GET, POST')
      expect((await admin('POST', '/admin/keys', '{"name":"x"}', { 'content-type': 'text/plain' })).status).toBe(415)
    })

    test('lists come page by page', async () => {
      const project = await done(admin('POST', '/admin/projects', { name: 'pages' }))
      for (let at = 0; at < 5; at++) await make({ name: `page ${at}`, project_id: project.id })
      const names: string[] = []
      let after = ''
      for (;;) {
        const page = await done(admin('GET', `/admin/keys?limit=2&project_id=${project.id}${after === '' ? '' : `&after=${after}`}`))
        names.push(...page.data.map(({ name }: { name: string }) => name))
        if (page.next === null) break
        after = page.next
      }
      expect(names).toEqual(['page 4', 'page 3', 'page 2', 'page 1', 'page 0'])
    })
  })
