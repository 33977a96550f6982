// Whose address counts behind proxies: those that the operator named are believed, and only as far as they can know.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type AdminCall, adminOf, done } from '../kit/admin.ts'
import { type Running, startSwitchyard } from '../kit/switchyard.ts'

let running: Running
let admin: AdminCall
let key: string
beforeAll(async () => {
  running = await startSwitchyard({ environment: { SWITCHYARD_TRUSTED_PROXIES: '127.0.0.0/8, 10.9.0.0/16' } })
  admin = adminOf(running)
  key = (await done(admin('POST', '/admin/keys', { name: 'bound', addresses: ['192.0.2.0/24', '2001:db8::/32'] }))).key
})
afterAll(() => running.stop())

const models = async (forwarded?: string): Promise<number> =>
  (
    await fetch(`${running.url}/v1/models`, {
      headers: { authorization: `Bearer ${key}`, ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) },
    })
  ).status

test('a named proxy says who called it', async () => {
  expect(await models('192.0.2.7')).toBe(200)
  expect(await models('192.0.2.7:51234')).toBe(200)
  expect(await models('[2001:db8::1]:443')).toBe(200)
  expect(await models('198.51.100.1')).toBe(403)
  expect(await models()).toBe(403)
})

test('what a client wrote in front of it counts for nothing', async () => {
  expect(await models('192.0.2.7, 198.51.100.1')).toBe(403)
  expect(await models('198.51.100.1, 192.0.2.7')).toBe(200)
  expect(await models('198.51.100.1, 192.0.2.7, 10.9.0.3')).toBe(200)
  expect(await models('192.0.2.7, 198.51.100.1, 10.9.0.3')).toBe(403)
  for (const nonsense of ['', ',', 'unknown', '_hidden', 'x'.repeat(5000)]) expect(await models(nonsense)).toBe(403)
})

test('the audit names the client, and the cookie is for encrypted connections', async () => {
  await done(admin('POST', '/admin/projects', { name: 'p' }, { 'x-forwarded-for': '192.0.2.7' }))
  expect((await done(admin('GET', '/admin/audit?limit=1'))).data[0].address).toBe('192.0.2.7')
  await done(admin('POST', '/admin/users', { email: 'a@example.com', name: 'A', password: 'a very good one' }))
  const credentials = { email: 'a@example.com', password: 'a very good one' }
  const plain = await adminOf(running, {})('POST', '/admin/session', credentials)
  expect(plain.headers.get('set-cookie')).not.toContain('Secure')
  const encrypted = await adminOf(running, {})('POST', '/admin/session', credentials, { 'x-forwarded-proto': 'https' })
  expect(encrypted.headers.get('set-cookie')).toContain('; Secure')
})

test('a setting that names no address refuses the start', async () => {
  const failed = await startSwitchyard({ environment: { SWITCHYARD_TRUSTED_PROXIES: 'my-proxy' } }).then(
    () => 'started',
    (thrown: Error) => thrown.message,
  )
  expect(failed).toContain('SWITCHYARD_TRUSTED_PROXIES: my-proxy is neither an address nor a range')
})
