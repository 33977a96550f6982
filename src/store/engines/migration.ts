// The rule of migrations, for every engine: numbered, forward only, each exactly once. Which were run is kept by number in
// the database, so that one that lands late is run all the same. The engines only read that table and run text.

export interface Migration {
  /** `NNNN-what-it-does`: the number is the key. */
  readonly name: string
  readonly sql: string
}

/** A database written by a newer version of the program; the message is for the operator. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError'
}

export const numberOf = ({ name }: Pick<Migration, 'name'>): number => Number.parseInt(name, 10)

/** Those still to be run, in order. @throws NewerDatabaseError when the database knows one that this program does not. */
export function pendingOf(known: readonly Migration[], applied: readonly number[]): Migration[] {
  const done = new Set(applied)
  const numbers = new Set(known.map(numberOf))
  const stranger = applied.find((number) => !numbers.has(number))
  if (stranger !== undefined) {
    throw new NewerDatabaseError(
      `the database has migration ${stranger}, which this version does not know: it was written by a newer version of Switchyard`,
    )
  }
  return known.filter((migration) => !done.has(numberOf(migration))).sort((a, b) => numberOf(a) - numberOf(b))
}
