// The coding clients that this suite can run: where each is installed, and how it is pointed at a gateway for one
// headless prompt. Each runs with an empty environment, in a home and a work folder of its own, and its input closed.
// They are big and have licences of their own, so they are installed by hand; docs/clients.md says how.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Target {
  readonly url: string
  readonly key: string
  readonly model: string
  /** Absent: to run `echo`. */
  readonly prompt?: string
}

export interface Outcome {
  /** `undefined` when the time limit ended it. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface Client {
  readonly name: string
  /** The program, below the folder of all clients. */
  readonly program: string
  /** What is run and what its environment holds besides PATH and HOME. Files it needs are written to `home` or `work`. */
  prepare(target: Target, folders: Folders): { readonly args: readonly string[]; readonly environment?: Readonly<Record<string, string>> }
}

interface Folders {
  readonly home: string
  readonly work: string
}

const PROMPT = 'run echo'
export const LIMIT_MS = 90_000
const FOLDER = process.env.SWITCHYARD_CLIENTS ?? join(tmpdir(), 'clients')

export const claudeCode: Client = {
  name: 'Claude Code',
  program: 'claude/node_modules/@anthropic-ai/claude-code-linux-x64/claude',
  prepare: ({ url, key, model, prompt = PROMPT }) => ({
    args: ['-p', prompt, '--model', model, '--allowedTools', 'Bash,WebSearch', '--output-format', 'stream-json', '--verbose'],
    environment: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    },
  }),
}

const codex: Client = {
  name: 'Codex CLI',
  program: 'codex/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex',
  prepare: ({ url, key, model }, { home }) => ({
    args: [
      ...['exec', '--json', '--skip-git-repo-check', '-s', 'danger-full-access', '-m', model],
      ...['-c', 'model_provider="switchyard"'],
      ...[
        '-c',
        `model_providers.switchyard={name="Switchyard",base_url="${url}/v1",env_key="SWITCHYARD_KEY",wire_api="responses",supports_websockets=false}`,
      ],
      PROMPT,
    ],
    environment: { SWITCHYARD_KEY: key, CODEX_HOME: home },
  }),
}

const geminiCli: Client = {
  name: 'Gemini CLI',
  program: 'gemini/node_modules/@google/gemini-cli/bundle/gemini.js',
  prepare({ url, key, model }, { home }) {
    writeJson(join(home, '.gemini'), 'settings.json', { security: { auth: { selectedType: 'gemini-api-key' } } })
    return {
      args: ['-p', PROMPT, '-m', model, '--skip-trust', '--yolo'],
      environment: { GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: url },
    }
  },
}

const openCode = (name: string, npm: string, path: string): Client => ({
  name: `OpenCode, ${name}`,
  program: 'opencode/node_modules/opencode-linux-x64/bin/opencode',
  prepare({ url, key, model }, { work }) {
    writeJson(work, 'opencode.json', {
      autoupdate: false,
      share: 'disabled',
      model: `switchyard/${model}`,
      small_model: 'switchyard/gpt-4o-mini',
      provider: {
        switchyard: {
          npm,
          options: { baseURL: url + path, apiKey: '{env:SWITCHYARD_KEY}' },
          models: { [model]: {}, 'gpt-4o-mini': {} },
        },
      },
    })
    return {
      args: ['run', '--format', 'json', PROMPT],
      environment: { SWITCHYARD_KEY: key, OPENCODE_DISABLE_MODELS_FETCH: '1' },
    }
  },
})

export const CLIENTS: readonly Client[] = [
  claudeCode,
  codex,
  geminiCli,
  openCode('Chat Completions', '@ai-sdk/openai-compatible', '/v1'),
  openCode('Responses', '@ai-sdk/openai', '/v1'),
  openCode('Messages', '@ai-sdk/anthropic', '/v1'),
  openCode('Gemini', '@ai-sdk/google', '/v1beta'),
]

export const isInstalled = ({ program }: Client): boolean => existsSync(join(FOLDER, program))

/** Runs one prompt to its end. */
export async function runClient(client: Client, target: Target): Promise<Outcome> {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-client-'))
  const folders = { home: join(root, 'home'), work: join(root, 'work') }
  for (const folder of Object.values(folders)) mkdirSync(folder)
  try {
    const { args, environment } = client.prepare(target, folders)
    const child = Bun.spawn([join(FOLDER, client.program), ...args], {
      cwd: folders.work,
      env: { PATH: process.env.PATH ?? '', HOME: folders.home, ...environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    await child.exited
    return { exitCode: child.exitCode ?? undefined, stdout, stderr }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function writeJson(folder: string, name: string, value: unknown): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), JSON.stringify(value, undefined, 2))
}
