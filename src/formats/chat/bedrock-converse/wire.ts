// Names of Amazon Bedrock's Converse wire that several files share. The wire's shapes stand where they are
// written. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

export const FORMAT_ID = 'bedrock-converse'

/** Facts about a Bedrock model that change what is sent, by its id, profile or ARN. */
export interface Family {
  readonly name: 'claude' | 'nova' | 'gpt-oss' | 'other'
  /** Takes `cachePoint` blocks. https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
  readonly caches: boolean
}

export function familyOf(model: string): Family {
  const lower = model.toLowerCase()
  if (lower.includes('claude')) return { name: 'claude', caches: true }
  if (lower.includes('nova')) return { name: 'nova', caches: true }
  return { name: lower.includes('gpt-oss') ? 'gpt-oss' : 'other', caches: false }
}

/** A free-text tool's one member of input. */
export const CUSTOM_INPUT_KEY = 'input'
