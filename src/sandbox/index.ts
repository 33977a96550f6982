// The sandbox: answers as OpenAI, Anthropic and Gemini would, each in its own wire format, by fixed rules.
// It imports no codec, so that it can be their independent witness.

export { type ServedSandbox, type ServeOptions, serveSandbox } from './engines/serve.ts'
export { type SandboxHandler, type SandboxOptions, sandboxHandler } from './handler.ts'
export {
  ANTHROPIC_MODELS,
  GEMINI_MODELS,
  OPENAI_MODELS,
  SANDBOX_MODELS,
  TEST_MODELS,
  type TestModel,
  type Vendor,
  vendorOf,
} from './models.ts'
