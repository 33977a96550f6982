// Passwords as argon2id hashes. Each hash takes 64 MB while it is made, so only a few are made at a time.

const PARALLEL = 2
const MAX_WAITING = 64

let running = 0
const waiting: (() => void)[] = []

/** Too many passwords are being checked at this moment. */
export class PasswordsBusyError extends Error {
  override readonly name = 'PasswordsBusyError'
}

/** @throws PasswordsBusyError */
export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: 65_536, timeCost: 2 }))

/** @throws PasswordsBusyError */
export const verifyPassword = (password: string, hash: string): Promise<boolean> =>
  inTurn(() => Bun.password.verify(password, hash, 'argon2id'))

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= PARALLEL) {
    if (waiting.length >= MAX_WAITING) throw new PasswordsBusyError('too many passwords are being checked')
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  running++
  try {
    return await work()
  } finally {
    running--
    waiting.shift()?.()
  }
}
