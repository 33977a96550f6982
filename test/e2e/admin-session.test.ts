// Sign-in of people: the first owner, passwords, sessions, lock-out, and what other sites cannot do.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminCall, adminOf, done } from '../kit/admin.ts'
import { type Running, startSwitchyard, waitFor } from '../kit/switchyard.ts'

const directory = mkdtempSync(join(tmpdir(), 'switchyard-'))
let running: Running
let key: AdminCall
let nobody: AdminCall
const OWNER = { email: 'First@Example.com', name: 'First', password: 'correct horse battery' }

beforeAll(async () => {
  running = await startSwitchyard({ dataDirectory: directory })
  key = adminOf(running)
  nobody = adminOf(running, {})
})
afterAll(async () => {
  await running.stop()
  rmSync(directory, { recursive: true, force: true })
})

const token = (): Promise<string> => waitFor(() => /one-time token: (\S+)/.exec(running.output())?.[1])
const cookieOf = (headers: Headers): string => (headers.get('set-cookie') ?? '').split(';')[0] as string
const signedIn = async (email: string, password: string): Promise<AdminCall> => {
  const answer = await nobody('POST', '/admin/session', { email, password })
  expect(answer.status).toBe(200)
  return adminOf(running, { cookie: cookieOf(answer.headers) })
}

test('the first owner is made once, with the token of the start', async () => {
  expect((await nobody('GET', '/admin/setup')).body).toEqual({ needed: true })
  expect((await nobody('POST', '/admin/setup', { ...OWNER, token: 'wrong' })).status).toBe(403)
  expect((await nobody('POST', '/admin/setup', { ...OWNER, token: await token(), password: 'short' })).body.error.field).toBe('password')
  const forged = await nobody('POST', '/admin/setup', { ...OWNER, token: await token() }, { 'sec-fetch-site': 'cross-site' })
  expect(forged.status).toBe(403)
  const raced = await Promise.all([1, 2, 3].map(async () => nobody('POST', '/admin/setup', { ...OWNER, token: await token() })))
  expect(raced.map(({ status }) => status).sort()[0]).toBe(201)
  expect(raced.filter(({ status }) => status === 201)).toHaveLength(1)
  const made = raced.find(({ status }) => status === 201)
  expect(made?.body.roles).toEqual([{ organisation_id: 'org_default', role: 'owner' }])
  const cookie = made?.headers.get('set-cookie') ?? ''
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/admin', 'Max-Age=']) expect(cookie).toContain(part)
  expect((await nobody('GET', '/admin/setup')).body).toEqual({ needed: false })
  expect((await nobody('POST', '/admin/setup', { ...OWNER, email: 'b@example.com', token: await token() })).status).toBe(403)
})

test('a session does what its user may, until it ends', async () => {
  const owner = await signedIn('first@example.com', OWNER.password)
  expect((await owner('GET', '/admin/session')).body).toMatchObject({ kind: 'user', email: 'first@example.com', name: 'First' })
  expect((await owner('POST', '/admin/projects', { name: 'by a person' })).status).toBe(201)
  const [row] = (await done(key('GET', '/admin/audit?action=project.create'))).data
  expect(row.actor).toMatchObject({ kind: 'user', name: 'first@example.com' })
  expect((await owner('DELETE', '/admin/session')).status).toBe(204)
  expect((await owner('GET', '/admin/session')).status).toBe(401)
  expect((await key('DELETE', '/admin/session')).status).toBe(400)
})

test('other sites cannot use it', async () => {
  const owner = await signedIn('first@example.com', OWNER.password)
  expect((await owner('POST', '/admin/projects', { name: 'x' }, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await owner('POST', '/admin/projects', { name: 'x' }, { 'sec-fetch-site': 'same-site' })).status).toBe(403)
  expect((await owner('POST', '/admin/projects', { name: 'x' }, { origin: running.url })).status).toBe(201)
  const form = await owner('POST', '/admin/projects', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' })
  expect(form.status).toBe(415)
  for (const path of ['/admin/projects', '/admin/session']) {
    const preflight = await fetch(running.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
    const read = await owner('GET', path, undefined, { origin: 'https://evil.example' })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
    expect(read.headers.get('cache-control')).toBe('no-store')
  }
})

test('the own password changes, and the other sessions end', async () => {
  const one = await signedIn('first@example.com', OWNER.password)
  const two = await signedIn('first@example.com', OWNER.password)
  expect((await one('PUT', '/admin/session/password', { current: 'wrong', new: 'another good one' })).status).toBe(401)
  expect((await one('PUT', '/admin/session/password', { current: OWNER.password, new: 'another good one' })).status).toBe(204)
  expect((await one('GET', '/admin/session')).status).toBe(200)
  expect((await two('GET', '/admin/session')).status).toBe(401)
  expect((await nobody('POST', '/admin/session', { email: OWNER.email, password: OWNER.password })).status).toBe(401)
  await signedIn('first@example.com', 'another good one')
})

test('guessing is locked out, whether the address exists or not', async () => {
  await done(key('POST', '/admin/users', { email: 'victim@example.com', name: 'V', password: 'a very good one', role: 'viewer' }))
  for (const email of ['victim@example.com', 'nobody@example.com']) {
    const seen: number[] = []
    let last = await nobody('POST', '/admin/session', { email, password: 'guess' })
    for (let at = 0; at < 8; at++) {
      seen.push(last.status)
      last = await nobody('POST', '/admin/session', { email, password: 'guess' })
    }
    expect(seen).toEqual([401, 401, 401, 401, 401, 401, 429, 429])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(30)
    expect(last.body.error.message).not.toContain(email)
  }
  expect((await nobody('POST', '/admin/session', { email: 'victim@example.com', password: 'a very good one' })).status).toBe(429)
}, 30_000)

test('a user that is disabled or loses its role is out at once', async () => {
  const user = await done(
    key('POST', '/admin/users', { email: 'dev@example.com', name: 'D', password: 'a very good one', role: 'developer' }),
  )
  const dev = await signedIn('dev@example.com', 'a very good one')
  expect((await dev('POST', '/admin/keys', { name: 'mine' })).status).toBe(201)
  await done(key('PATCH', `/admin/members/${user.memberships[0].id}`, { role: 'viewer' }))
  expect((await dev('POST', '/admin/keys', { name: 'mine' })).status).toBe(403)
  await done(key('PATCH', `/admin/users/${user.id}`, { disabled: true }))
  expect((await dev('GET', '/admin/keys')).status).toBe(401)
  expect((await nobody('POST', '/admin/session', { email: 'dev@example.com', password: 'a very good one' })).status).toBe(401)
})

test('the last owner stays', async () => {
  const users = await done(key('GET', '/admin/users?email=first@example.com'))
  const [owner] = users.data
  expect((await key('PATCH', `/admin/users/${owner.id}`, { disabled: true })).status).toBe(409)
  expect((await key('DELETE', `/admin/users/${owner.id}`)).status).toBe(409)
  expect((await key('PATCH', `/admin/members/${owner.memberships[0].id}`, { role: 'admin' })).status).toBe(409)
})

test('no password and no cookie is stored or logged in clear', async () => {
  const answer = await nobody('POST', '/admin/session', { email: 'first@example.com', password: 'another good one' })
  const cookie = cookieOf(answer.headers).split('=')[1] as string
  for (const secret of [cookie, 'another good one', await token()]) {
    for (const file of readdirSync(join(directory, 'data')))
      expect(readFileSync(join(directory, 'data', file)).includes(secret)).toBe(false)
  }
  expect(running.output()).not.toContain('another good one')
})
