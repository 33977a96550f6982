// The environment tests run in: no credential, no service and no setting of the developer's own reaches them.

const CREDENTIALS =
  /_(API_KEY|API_TOKEN|AUTH_TOKEN|BASE_URL)$|^(OPENAI|ANTHROPIC|GOOGLE|GEMINI|AZURE|AWS|SWITCHYARD)_|^(DATABASE|REDIS)_URL$/
const LOCAL = '127.0.0.1,localhost,::1'

export function cleanEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && name !== 'FORCE_COLOR' && !CREDENTIALS.test(name)) clean[name] = value
  }
  // The counts are read from plain text.
  clean.NO_COLOR = '1'
  // A proxy of the machine must not come between the tests and their own servers.
  for (const name of ['NO_PROXY', 'no_proxy']) clean[name] = clean[name] ? `${clean[name]},${LOCAL}` : LOCAL
  return clean
}
