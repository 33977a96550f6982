// Which of OpenAI's models reason. https://platform.openai.com/docs/guides/reasoning

/** Reasoning models keep their thoughts between calls only on Responses. Chat-tuned variants of a family do not reason. */
export function reasons(model: string): boolean {
  const name = model.replace(/^ft:/, '')
  if (/-chat(-latest)?$/.test(name)) return false
  return /^(o\d|gpt-(?:[5-9]|\d\d)|codex-|computer-use-)/.test(name)
}
