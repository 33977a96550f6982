// Runs one command under a time limit, shows what it prints as it comes, and hands the text back.

export interface CommandOptions {
  root: string
  environment: Record<string, string>
  limitMs: number
}

export interface CommandEnd {
  /** Both streams as they came. */
  output: string
  /** `undefined` when the limit ended it. */
  exitCode: number | undefined
}

export async function runCommand(command: string[], options: CommandOptions): Promise<CommandEnd> {
  const child = Bun.spawn(command, { cwd: options.root, env: options.environment, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  let output = ''
  const show = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const bytes of stream) {
      const text = decoder.decode(bytes, { stream: true })
      output += text
      process.stdout.write(text)
    }
  }
  let expired = false
  const timer = setTimeout(() => {
    expired = true
    child.kill('SIGKILL')
  }, options.limitMs)
  const streams = Promise.all([show(child.stdout), show(child.stderr)])
  const exitCode = await child.exited
  clearTimeout(timer)
  // A grandchild that outlives the command may hold the pipes open.
  await Promise.race([streams, Bun.sleep(2_000)])
  if (expired) console.log(`the suite was ended after ${options.limitMs / 1000} s`)
  return { output, exitCode: expired ? undefined : exitCode }
}
