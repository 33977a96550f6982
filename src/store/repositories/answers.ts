// Answers that were finished for clients that had gone, by the id of their exchange. They go when its row in the log goes.

import type { Awaitable, Engine } from '../engine.ts'
import { timeOf } from './requests.ts'

export interface AnswerRepository {
  /** @param answer JSON in the client's format. The same id again keeps the first. @throws StoreDownError */
  keep(id: string, answer: string): Promise<void>
  byId(id: string): Awaitable<string | undefined>
  /** Forgets those of exchanges that began before. */
  prune(beforeMs: number): Promise<void>
}

export function answerRepository(engine: Engine): AnswerRepository {
  const insert = engine.prepare('INSERT INTO kept_answer (id, answer) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING')
  const find = engine.prepare<{ answer: string }>('SELECT answer FROM kept_answer WHERE id = ?1')
  const prune = engine.prepare('DELETE FROM kept_answer WHERE id < ?1')
  return {
    keep: async (id, answer) => void (await engine.write([insert.bind(id, answer)])),
    byId(id) {
      const found = find.get(id)
      return found instanceof Promise ? found.then((row) => row?.answer) : found?.answer
    },
    prune: async (beforeMs) => void (await engine.write([prune.bind(`req_${timeOf(beforeMs)}`)])),
  }
}
