import { expect, test } from 'bun:test'
import { targetOf } from './paths.ts'

const kind = (path: string) => targetOf(path)?.endpoint

test('every spelling of a base URL leads to the endpoint', () => {
  for (const path of [
    '/v1/chat/completions',
    '/chat/completions',
    '/v1/v1/chat/completions',
    '/v1/chat/completions/chat/completions',
    '/v1/chat/completions/v1/chat/completions/',
  ]) {
    expect(kind(path)).toEqual({ kind: 'chat' })
  }
  expect(kind('/v1/messages/count_tokens')).toEqual({ kind: 'count-tokens' })
  expect(kind('/anthropic/v1/messages')).toEqual({ kind: 'messages' })
  expect(kind('/v1/chat/completions/responses')).toEqual({ kind: 'responses' })
})

test('models may hold slashes and colons', () => {
  expect(kind('/v1/models/org/name:free')).toEqual({ kind: 'model', id: 'org/name:free' })
  expect(kind('/v1/models/org/name')).toEqual({ kind: 'model', id: 'org/name' })
  expect(kind('/v1beta/models/tuned/x%3AgenerateContent')).toEqual({
    kind: 'gemini',
    path: '/v1beta/models/tuned/x:generateContent',
    method: 'generateContent',
  })
  for (const path of ['/v1beta/org/name:free:streamGenerateContent', '/v1beta/v1beta/org/name:free:streamGenerateContent']) {
    expect(kind(path)).toEqual({
      kind: 'gemini',
      path: '/v1beta/models/org/name:free:streamGenerateContent',
      method: 'streamGenerateContent',
    })
  }
  expect(kind('/v1beta/name:generateContent')).toBeUndefined()
  expect(kind('/v1beta/models')).toEqual({ kind: 'models', dialect: 'gemini' })
})

test('a deployment path names its model', () => {
  expect(targetOf('/openai/deployments/my-gpt/chat/completions')).toEqual({ endpoint: { kind: 'chat' }, deployment: 'my-gpt' })
})

test('unknown words and broken escapes lead nowhere', () => {
  expect(targetOf('/v1/evil/chat/completions')).toBeUndefined()
  expect(targetOf('/')).toBeUndefined()
  expect(() => targetOf('/v1/%zz')).toThrow()
})
