import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { PcapWriter } from '../../src/capture/pcap-writer.ts'
import { readBytes } from './collector.ts'

/** Keeps what is written; `stuck` never takes a second piece. */
function output(stuck = false): { readonly stream: Writable; readonly bytes: () => Buffer } {
  const pieces: Buffer[] = []
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece))
      if (!stuck) setImmediate(done)
    },
  })
  return { stream, bytes: () => Buffer.concat(pieces) }
}

test('what is written is read again, over many blocks', async () => {
  const { stream, bytes } = output()
  const writer = new PcapWriter(stream, 113, 500, 1 << 30)
  const frame = Buffer.alloc(65_535)
  const expected = Array.from({ length: 3000 }, (_, index) => {
    const captured = (index * 97) % 500
    frame.fill(index % 256)
    const time = 1_700_000_000_000_000 + index * 1_234_567
    writer.record(time + 0.5, frame, captured, captured + (index % 3))
    if (index % 100 === 0) writer.flush()
    const text = frame.subarray(0, captured).toString('latin1')
    return { time, linkType: 113, interfaceIndex: 0, originalLength: captured + (index % 3), frame: text }
  })
  writer.flush()
  await new Promise<void>(resolve => stream.end(resolve))
  expect(readBytes(bytes())).toMatchObject({ packets: expected, end: { kind: 'complete' } })
  expect(writer.dropped).toBe(0)
})

test('what waits for a reader that takes nothing is bounded, and the rest is counted', () => {
  const { stream } = output(true)
  const writer = new PcapWriter(stream, 1, 65_535, 1_000_000)
  const frame = Buffer.alloc(65_535)
  for (let index = 0; index < 1000; index++) writer.record(0, frame, frame.length, frame.length)
  expect(stream.writableLength).toBeGreaterThan(1_000_000)
  expect(stream.writableLength).toBeLessThan(1_600_000)
  expect(writer.dropped).toBeGreaterThan(900)
})
