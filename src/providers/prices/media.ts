// Prices of images, video and music, which the data sets lack: kept by hand, each with the place and day where it was
// read. What a vendor does not publish, or publishes as a range, stays absent and is refused until an operator sets it.

import type { PriceEntry } from '../../core/price-entry.ts'
import type { NameTests } from './match.ts'
import type { PriceSource } from './source.ts'

export interface MediaPrice {
  readonly provider: string
  readonly match: NameTests
  readonly price: PriceEntry
  readonly source: PriceSource
}

// The pages are the vendors' own, to check against; the amounts are those seen in 2026.
const read = (...urls: string[]): PriceSource => ({ name: 'kept by hand', date: '2026', urls })

const OPENAI = read('https://platform.openai.com/docs/pricing')
const GOOGLE = read('https://ai.google.dev/gemini-api/docs/pricing')
const RUNWAY = read('https://docs.dev.runwayml.com/guides/pricing/')
const RECRAFT = read('https://www.recraft.ai/docs/api-reference/pricing')
const BFL = read('https://bfl.ai/pricing/api')

export const MEDIA_PRICES: readonly MediaPrice[] = [
  {
    provider: 'openai',
    match: ['=dall-e-3'],
    source: OPENAI,
    price: {
      variants: [
        { when: { quality: 'standard', size: '1024x1024' }, per_image: 0.04 },
        { when: { quality: 'standard', size: '1024x1792' }, per_image: 0.08 },
        { when: { quality: 'standard', size: '1792x1024' }, per_image: 0.08 },
        { when: { quality: 'hd', size: '1024x1024' }, per_image: 0.08 },
        { when: { quality: 'hd', size: '1024x1792' }, per_image: 0.12 },
        { when: { quality: 'hd', size: '1792x1024' }, per_image: 0.12 },
      ],
    },
  },
  { provider: 'openai', match: ['=sora-2'], source: OPENAI, price: { per_second: 0.1 } },
  {
    provider: 'openai',
    match: ['=sora-2-pro'],
    source: OPENAI,
    price: {
      variants: [
        { when: { resolution: '720p' }, per_second: 0.3 },
        { when: { resolution: '1024p' }, per_second: 0.5 },
      ],
    },
  },
  { provider: 'gemini', match: ['^veo-3.0-generate', '=veo-3'], source: GOOGLE, price: { per_second: 0.4 } },
  { provider: 'gemini', match: ['^veo-3.0-fast', '=veo-3-fast'], source: GOOGLE, price: { per_second: 0.15 } },
  { provider: 'gemini', match: ['^veo-2'], source: GOOGLE, price: { per_second: 0.35 } },
  { provider: 'bfl', match: ['=flux-pro-1.1'], source: BFL, price: { per_image: 0.04 } },
  { provider: 'bfl', match: ['=flux-kontext-pro'], source: BFL, price: { per_image: 0.04 } },
  { provider: 'bfl', match: ['=flux-kontext-max'], source: BFL, price: { per_image: 0.08 } },
  { provider: 'runway', match: ['=gen4.5'], source: RUNWAY, price: { per_second: 0.12 } },
  { provider: 'runway', match: ['=gen4_turbo'], source: RUNWAY, price: { per_second: 0.05 } },
  { provider: 'runway', match: ['=gen4_aleph'], source: RUNWAY, price: { per_second: 0.15 } },
  { provider: 'runway', match: ['=act_two'], source: RUNWAY, price: { per_second: 0.05 } },
  { provider: 'runway', match: ['=veo3'], source: RUNWAY, price: { per_second: 0.4 } },
  {
    provider: 'runway',
    match: ['=veo3.1'],
    source: RUNWAY,
    price: {
      variants: [
        { when: { audio: 'true' }, per_second: 0.4 },
        { when: { audio: 'false' }, per_second: 0.2 },
      ],
    },
  },
  {
    provider: 'runway',
    match: ['=gen4_image'],
    source: RUNWAY,
    price: {
      variants: [
        { when: { resolution: '720p' }, per_image: 0.05 },
        { when: { resolution: '1080p' }, per_image: 0.08 },
      ],
    },
  },
  { provider: 'runway', match: ['=gen4_image_turbo'], source: RUNWAY, price: { per_image: 0.02 } },
  { provider: 'runway', match: ['=gemini_2.5_flash'], source: RUNWAY, price: { per_image: 0.05 } },
  { provider: 'recraft', match: ['=recraftv2'], source: RECRAFT, price: { variants: [{ when: { kind: 'raster' }, per_image: 0.022 }] } },
  {
    provider: 'recraft',
    match: ['=recraftv3', '=recraftv4'],
    source: RECRAFT,
    price: {
      variants: [
        { when: { kind: 'raster' }, per_image: 0.04 },
        { when: { kind: 'vector' }, per_image: 0.08 },
        { when: { action: 'remove-background' }, per_request: 0.01 },
        { when: { action: 'vectorize' }, per_request: 0.01 },
        { when: { action: 'crisp-upscale' }, per_request: 0.004 },
        { when: { action: 'creative-upscale' }, per_request: 0.25 },
        { when: { action: 'erase-region' }, per_request: 0.002 },
      ],
    },
  },
  {
    provider: 'recraft',
    match: ['=recraftv4_pro'],
    source: RECRAFT,
    price: {
      variants: [
        { when: { kind: 'raster' }, per_image: 0.25 },
        { when: { kind: 'vector' }, per_image: 0.3 },
      ],
    },
  },
]
