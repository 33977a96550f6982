import { expect, test } from 'bun:test'
import { lingering } from './lingering.ts'

test('the work is stopped a while after its client has gone, not before', async () => {
  const client = new AbortController()
  const { signal } = lingering(client.signal, 30)
  client.abort()
  expect(signal.aborted).toBeFalse()
  await Bun.sleep(10)
  expect(signal.aborted).toBeFalse()
  await Bun.sleep(60)
  expect(signal.aborted).toBeTrue()
})

test('a client that had gone before counts from now', async () => {
  const { signal } = lingering(AbortSignal.abort(), 20)
  expect(signal.aborted).toBeFalse()
  await Bun.sleep(60)
  expect(signal.aborted).toBeTrue()
})

test('work that is over is never stopped', async () => {
  const [early, late] = [new AbortController(), new AbortController()]
  const first = lingering(early.signal, 10)
  early.abort()
  first.end()
  const second = lingering(late.signal, 10)
  second.end()
  late.abort()
  await Bun.sleep(40)
  expect([first.signal.aborted, second.signal.aborted]).toEqual([false, false])
})
