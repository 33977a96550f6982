// An object that is still being filled, member by member. Spreads with conditions build the same objects, but copy all
// members at every step: on the path of every request that was the largest single cost of translation.

/** `T` before it is handed out. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }

/** Sets a member, unless there is nothing to set: an absent member and one that is `undefined` are different things. */
export function put<T extends object, K extends keyof T>(draft: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) draft[key] = value
}
