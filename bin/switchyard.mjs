#!/usr/bin/env node
// The command `switchyard`: `start` (also without a word) serves the gateway, `sandbox` the sandbox alone, `index` fills
// the local document index, `migrate` brings the database up to date.
// What the words mean beyond that, and every option, is decided by src/main.ts.

import { fileURLToPath } from 'node:url'
import { runBun } from './bun.mjs'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const [first, ...rest] = process.argv.slice(2)
const isCommand = first !== undefined && !first.startsWith('-')

// `--no-install`: Bun would otherwise fetch a missing package at run time.
if (!isCommand) runBun(['--no-install', main, ...(first === undefined ? [] : [first]), ...rest])
else if (first === 'start') runBun(['--no-install', main, ...rest])
else if (['sandbox', 'index', 'migrate'].includes(first)) runBun(['--no-install', main, first, ...rest])
else {
  console.error(`Unknown command: ${first}. Commands: start (default), index, migrate, sandbox.`)
  process.exitCode = 2
}
