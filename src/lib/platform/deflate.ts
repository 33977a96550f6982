// Raw deflate, synchronously. The web's CompressionStream is asynchronous and cannot bound its output.

import { deflateRawSync, inflateRawSync } from 'node:zlib'

export const deflateRaw = (bytes: Uint8Array): Uint8Array => deflateRawSync(bytes)

/** @throws when the bytes are damaged or would grow beyond `maxBytes`. */
export const inflateRaw = (bytes: Uint8Array, maxBytes: number): Uint8Array => inflateRawSync(bytes, { maxOutputLength: maxBytes })
