import { createGunzip } from 'node:zlib'
import type { CaptureEnd } from './source.ts'

const CHUNK_BYTES = 64 * 1024
/** Damage costs what was decompressed in the same step, so a small file is taken in small steps. */
const FIRST_STEP_BYTES = 64
const STEP_SHARE = 8

/** True for the magic bytes of gzip data (RFC 1952 §2.3.1). */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b
}

/**
 * Decompresses gzip data, of one member or several. What could be decompressed is given before a fault of the data is thrown; `gzipFault`
 * tells such a fault from others.
 */
export async function* gunzipped(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  const output: Uint8Array[] = []
  let failure: unknown
  let wake = (): void => {}
  gunzip.on('data', (chunk: Uint8Array) => output.push(chunk))
  gunzip.on('error', error => {
    failure = error
  })
  gunzip.on('close', () => wake())
  const settled = (act: (done: () => void) => void): Promise<void> =>
    new Promise(resolve => {
      wake = resolve
      act(resolve)
    })
  try {
    let taken = 0
    for await (const chunk of compressed)
      for (let at = 0; at < chunk.length; ) {
        const step = chunk.subarray(at, at + Math.max(FIRST_STEP_BYTES, Math.floor(taken / STEP_SHARE)))
        at += step.length
        taken += step.length
        await settled(done => gunzip.write(step, done))
        yield* output.splice(0)
        if (failure !== undefined) throw failure
      }
    await settled(() => gunzip.end())
    yield* output.splice(0)
    if (failure !== undefined) throw failure
  } finally {
    gunzip.destroy()
  }
}

/** How a capture ends that `error` was thrown for; undefined when it is no fault of gzip data. `offset` counts decompressed bytes. */
export function gzipFault(error: unknown, name: string, offset: number): CaptureEnd | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (!code.startsWith('Z_')) return undefined
  const truncated = code === 'Z_BUF_ERROR'
  return {
    kind: 'failed',
    code: truncated ? 'capture_truncated' : 'capture_corrupt',
    message: `${name}: the gzip data ${truncated ? 'ends early' : 'is damaged'} (offset ${offset} of the decompressed data)`,
    mend: 'fetch the file again; what was read before is kept',
    offset,
  }
}
