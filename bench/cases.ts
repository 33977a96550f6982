// What is measured, how much of it makes one measurement, and what is aimed at.

import { STREAM_EVENTS } from './gateways.ts'

export interface Case {
  name: string
  title: string
  /** Switchyard's model; the bare proxy, which cannot translate, gets `bareModel`. */
  model: string
  bareModel: string
  stream: boolean
  imageBytes?: number
  requests: number
  concurrency: number
  /** Events of one request; the cost is then given for each event. */
  events?: number
  /** Highest ratio of Switchyard's processor time to the bare proxy's. */
  targetRatio?: number
}

export const CASES: readonly Case[] = [
  {
    name: 'unary',
    title: 'same format, unary',
    model: 'unary',
    bareModel: 'unary',
    stream: false,
    requests: 5000,
    concurrency: 16,
    targetRatio: 1.5,
  },
  {
    name: 'stream',
    title: 'same format, stream',
    model: 'stream',
    bareModel: 'stream',
    stream: true,
    requests: 64,
    concurrency: 64,
    events: STREAM_EVENTS,
    targetRatio: 1.2,
  },
  {
    name: 'translated-unary',
    title: 'translated, unary',
    model: 'translated-unary',
    bareModel: 'unary',
    stream: false,
    requests: 5000,
    concurrency: 16,
    targetRatio: 2,
  },
  {
    name: 'translated-stream',
    title: 'translated, stream',
    model: 'translated-stream',
    bareModel: 'stream',
    stream: true,
    requests: 64,
    concurrency: 64,
    events: STREAM_EVENTS,
    targetRatio: 1.6,
  },
  {
    name: 'body-1mb',
    title: 'body of 1 MB',
    model: 'unary',
    bareModel: 'unary',
    stream: false,
    imageBytes: 1_000_000,
    requests: 200,
    concurrency: 4,
    targetRatio: 1,
  },
  {
    name: 'body-10mb',
    title: 'body of 10 MB',
    model: 'unary',
    bareModel: 'unary',
    stream: false,
    imageBytes: 10_000_000,
    requests: 24,
    concurrency: 2,
  },
]

/** Targets that are not ratios. */
export const TARGETS = { streamsMegabytes: 160, idleMegabytes: 80, startMs: 500, stepMs: 40 }
