// Lists of allowed names, compiled for look-up: exact names, and prefixes written with `*` at their end.

/** Whether a name is on the list. */
export type Allows = (name: string) => boolean

/** What all of the lists allow; `undefined` when none of them restricts anything. */
export function allowing(lists: readonly (readonly string[] | null)[]): Allows | undefined {
  const tests = lists.filter((list) => list !== null).map(one)
  if (tests.length === 0) return undefined
  return tests.length === 1 ? tests[0] : (name) => tests.every((test) => test(name))
}

function one(list: readonly string[]): Allows {
  const exact = new Set(list.filter((name) => !name.endsWith('*')))
  const prefixes = list.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}
