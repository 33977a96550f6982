// The catalogue's data, one file a provider. Text until somebody asks for a price of that provider.

import anthropic from './data/anthropic.jsonl' with { type: 'text' }
import azure from './data/azure.jsonl' with { type: 'text' }
import bedrock from './data/bedrock.jsonl' with { type: 'text' }
import cerebras from './data/cerebras.jsonl' with { type: 'text' }
import cohere from './data/cohere.jsonl' with { type: 'text' }
import deepseek from './data/deepseek.jsonl' with { type: 'text' }
import fireworks from './data/fireworks.jsonl' with { type: 'text' }
import gemini from './data/gemini.jsonl' with { type: 'text' }
import groq from './data/groq.jsonl' with { type: 'text' }
import minimax from './data/minimax.jsonl' with { type: 'text' }
import mistral from './data/mistral.jsonl' with { type: 'text' }
import moonshot from './data/moonshot.jsonl' with { type: 'text' }
import openai from './data/openai.jsonl' with { type: 'text' }
import openrouter from './data/openrouter.jsonl' with { type: 'text' }
import perplexity from './data/perplexity.jsonl' with { type: 'text' }
import qwen from './data/qwen.jsonl' with { type: 'text' }
import together from './data/together.jsonl' with { type: 'text' }
import xai from './data/xai.jsonl' with { type: 'text' }
import zhipu from './data/zhipu.jsonl' with { type: 'text' }

/** By provider id. Vertex sells Google's models and others' at the prices of one list. */
export const DATA: Readonly<Record<string, string>> = {
  openai,
  anthropic,
  gemini,
  azure,
  bedrock,
  mistral,
  deepseek,
  xai,
  groq,
  openrouter,
  together,
  fireworks,
  cerebras,
  perplexity,
  moonshot,
  zhipu,
  minimax,
  cohere,
  qwen,
  vertex: gemini,
}
