/** What a promise (the SDKs' own kinds too) is rejected with. @throws when it is fulfilled. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a failure')
}
