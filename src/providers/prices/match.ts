// Tests of a model's name as the catalogue's data writes them: `=equals`, `^starts`, `$ends`, `*contains`,
// `/regular expression`. All but the last ignore case, as in the data set they come from.

export type NameTests = readonly (string | readonly string[])[]

/** Whether any of the tests holds; a list within the list wants all of its own. */
export function matches(tests: NameTests, model: string): boolean {
  const lower = model.toLowerCase()
  return tests.some((test) => (typeof test === 'string' ? holds(test, model, lower) : test.every((part) => holds(part, model, lower))))
}

function holds(test: string, model: string, lower: string): boolean {
  const wanted = test.slice(1)
  switch (test[0]) {
    case '=':
      return lower === wanted.toLowerCase()
    case '^':
      return lower.startsWith(wanted.toLowerCase())
    case '$':
      return lower.endsWith(wanted.toLowerCase())
    case '*':
      return lower.includes(wanted.toLowerCase())
    case '/':
      return new RegExp(wanted).test(model)
    default:
      return false
  }
}
