import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../src/capture/file.ts'
import { readBytes, readSource } from './collector.ts'
import { pcap, type TestPacket } from './formats.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-file-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Frames of text that does not compress to nothing. */
const packets: readonly TestPacket[] = Array.from({ length: 300 }, (_, index) => {
  const data = Buffer.from(Array.from({ length: 200 }, (_, at) => `${(index * 7919 + at * at * 31) % 9973} `).join(''))
  return { time: BigInt(index) * 1_000_000n, data, length: data.length, interface: 0 }
})
const capture = pcap(packets, { bigEndian: false, nanoseconds: false, linkType: 1 })
const all = readBytes(capture).packets

describe('a capture file', () => {
  test('is read to its end, with its size and position for a progress bar', async () => {
    const source = openCaptureFile(written('whole.pcap', capture))
    expect(source).toMatchObject({ name: 'whole.pcap', size: capture.length, position: 0, recorded: true })
    const { packets, end } = await readSource(source)
    expect(end).toEqual({ kind: 'complete' })
    expect(packets).toEqual(all)
    expect(source.position).toBe(capture.length)
    expect(source.statistics).toMatchObject({ packets: all.length, bytes: all.reduce((sum, { frame }) => sum + frame.length, 0) })
  })

  test('larger than any buffer', async () => {
    const big = packets[0].data
    const many = Array.from({ length: 60 }, (_, index) => {
      const data = Buffer.alloc(262_144, big)
      data.writeUInt32LE(index)
      return { time: 0n, data, length: data.length, interface: 0 }
    })
    const file = written('big.pcap', pcap(many, { bigEndian: true, nanoseconds: true, linkType: 1 }))
    const { packets: found, end } = await readSource(openCaptureFile(file))
    expect(end).toEqual({ kind: 'complete' })
    expect(found.map(({ frame }) => Buffer.from(frame, 'latin1').readUInt32LE())).toEqual(many.map((_, index) => index))
  })

  test('stops when it is told to', async () => {
    const controller = new AbortController()
    controller.abort()
    expect((await readSource(openCaptureFile(written('stopped.pcap', capture)), controller.signal)).end).toEqual({ kind: 'stopped' })
  })

  test('a stop ends the wait for an engine that takes nothing more', async () => {
    const controller = new AbortController()
    const running = openCaptureFile(written('held.pcap', capture)).run({ packet: () => {} }, controller.signal, () => {
      controller.abort()
      return new Promise(() => {})
    })
    expect(['stopped', 'complete']).toContain((await running).kind)
  })

  test('that is missing, a folder, or not to be read is one clear end', async () => {
    expect((await readSource(openCaptureFile(join(folder, 'none.pcap')))).end).toMatchObject({
      code: 'capture_unreadable',
      message: expect.stringContaining('none.pcap: cannot be read (ENOENT'),
    })
    expect((await readSource(openCaptureFile(folder))).end).toMatchObject({
      code: 'capture_unreadable',
      message: expect.stringContaining('EISDIR'),
    })
    expect((await readSource(openCaptureFile(written('empty.pcap', Buffer.alloc(0))))).end).toMatchObject({ code: 'capture_foreign' })
  })
})

describe('a gzip-compressed capture', () => {
  const compressed = gzipSync(capture)

  test('gives what the plain one gives, whatever it is called', async () => {
    for (const name of ['whole.pcap.gz', 'misnamed.pcap']) {
      const source = openCaptureFile(written(name, compressed))
      expect(await readSource(source)).toMatchObject({ packets: all, end: { kind: 'complete' } })
      expect(source.position).toBe(compressed.length)
    }
  })

  test('of several members', async () => {
    const members = Buffer.concat([gzipSync(capture.subarray(0, 1000)), gzipSync(capture.subarray(1000))])
    expect(await readSource(openCaptureFile(written('members.pcap.gz', members)))).toMatchObject({
      packets: all,
      end: { kind: 'complete' },
    })
  })

  test('that ends early gives everything before that', async () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const part = compressed.subarray(0, Math.floor(compressed.length * share))
      const { packets, end } = await readSource(openCaptureFile(written('early.pcap.gz', part)))
      expect(end).toMatchObject({ kind: 'failed', code: 'capture_truncated', message: expect.stringContaining('early.pcap.gz: ') })
      expect(packets.length).toBeGreaterThan(all.length * share * 0.8)
      expect(packets).toEqual(all.slice(0, packets.length))
    }
    const nearly = await readSource(openCaptureFile(written('nearly.pcap.gz', compressed.subarray(0, -1))))
    expect(nearly).toMatchObject({ packets: all, end: { code: 'capture_truncated' } })
  })

  test('that is damaged gives most of what was before the damage, and never throws', async () => {
    for (const share of [0.3, 0.6, 0.9]) {
      const damaged = Buffer.from(compressed)
      const at = Math.floor(damaged.length * share)
      damaged.fill(0xff, at, at + 40)
      const { packets, end } = await readSource(openCaptureFile(written('damaged.pcap.gz', damaged)))
      expect(end).toMatchObject({ kind: 'failed', mend: expect.stringContaining('what was read before') })
      expect(packets.length).toBeGreaterThan(all.length * share * 0.5)
    }
    const checksum = Buffer.from(compressed)
    checksum[checksum.length - 6] ^= 0xff
    const { packets, end } = await readSource(openCaptureFile(written('checksum.pcap.gz', checksum)))
    expect(end).toMatchObject({ code: 'capture_corrupt', message: expect.stringContaining('the gzip data is damaged') })
    expect(packets.length).toBeGreaterThan(all.length * 0.8)
    for (let at = 2; at < 60; at++) {
      const flipped = Buffer.from(compressed)
      flipped[at] ^= 0xff
      await readSource(openCaptureFile(written('flipped.pcap.gz', flipped)))
    }
  })

  test('with something else inside', async () => {
    expect(await readSource(openCaptureFile(written('notes.pcap.gz', gzipSync('hello, this is text'))))).toMatchObject({
      packets: [],
      end: { code: 'capture_foreign' },
    })
  })
})
