import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStream } from '../../src/capture/stream.ts'
import { Collector, readBytes, readSource, until } from './collector.ts'
import { pcap, pcapng, type TestPacket } from './formats.ts'
import { startWatcher } from './watcher.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-stream-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const packets: readonly TestPacket[] = Array.from({ length: 40 }, (_, index) => ({
  time: 1_600_000_000_000_000_000n + BigInt(index) * 1_000_000n,
  data: Buffer.alloc(60 + index, index),
  length: 60 + index,
  interface: 0,
}))
const capture = pcap(packets, { bigEndian: false, nanoseconds: false, linkType: 1 })
const all = readBytes(capture).packets

let fifos = 0
function newFifo(): string {
  const path = join(folder, `fifo-${fifos++}`)
  execFileSync('mkfifo', [path])
  return path
}

describe('standard input', () => {
  test('is read to its end, in whatever pieces it comes', async () => {
    for (const [bytes, piece] of [
      [capture, capture.length],
      [capture, 7],
      [gzipSync(capture), 1],
    ] as const) {
      const watcher = startWatcher({ from: '-' }, { stdin: 'pipe' })
      const { stdin } = watcher.process
      for (let at = 0; at < bytes.length; at += piece) if (stdin?.write(bytes.subarray(at, at + piece)) === false) await delay(1)
      stdin?.end()
      expect(await watcher.result()).toMatchObject({ end: { kind: 'complete' }, packets: all })
    }
  })

  test('may be a file', async () => {
    const file = join(folder, 'input.pcap')
    writeFileSync(file, capture)
    const fd = openSync(file, 'r')
    try {
      expect(await startWatcher({ from: '-' }, { stdin: fd }).result()).toMatchObject({ end: { kind: 'complete' }, packets: all })
    } finally {
      closeSync(fd)
    }
  })

  test('that ends in mid-packet is a fault with its offset', async () => {
    const watcher = startWatcher({ from: '-' }, { stdin: 'pipe' })
    watcher.process.stdin?.end(capture.subarray(0, capture.length - 5))
    const { end, packets } = await watcher.result()
    expect(packets).toEqual(all.slice(0, -1))
    expect(end).toMatchObject({ code: 'capture_truncated', message: expect.stringMatching(/^stdin: .*offset \d+/) })
  })

  test('on SIGTERM gives what is in the pipe, and half a packet is no fault then', async () => {
    const watcher = startWatcher({ from: '-' }, { stdin: 'pipe' })
    await watcher.ready()
    watcher.process.stdin?.write(capture.subarray(0, capture.length - 5))
    await delay(0)
    watcher.process.kill('SIGTERM')
    expect(await watcher.result()).toMatchObject({ end: { kind: 'stopped' }, packets: all.slice(0, -1) })
  })
})

describe('a fifo', () => {
  test('gives everything up to the end of its writer', async () => {
    const path = newFifo()
    const reading = readSource(await openStream(path))
    execFileSync('sh', ['-c', 'cat > "$0"', path], { input: capture })
    expect(await reading).toMatchObject({ packets: all, end: { kind: 'complete' } })
  })

  test('hands over what its writer still writes when both are stopped', async () => {
    const path = newFifo()
    const controller = new AbortController()
    const source = await openStream(path)
    const collector = new Collector()
    const running = source.run(collector, controller.signal, () => undefined)
    const writer = openSync(path, 'r+')
    writeSync(writer, capture, 0, 500)
    await until(() => collector.packets.length > 0, 'the first packets')
    controller.abort()
    writeSync(writer, capture, 500)
    closeSync(writer)
    expect(await running).toEqual({ kind: 'stopped' })
    expect(collector.packets).toEqual(all)
  })

  test('that nobody writes into can be stopped, at once and later', async () => {
    for (const wait of [0, 50]) {
      const controller = new AbortController()
      const reading = readSource(await openStream(newFifo()), controller.signal)
      if (wait > 0) await delay(wait)
      controller.abort()
      expect((await reading).end).toEqual({ kind: 'stopped' })
    }
    const aborted = readSource(await openStream(newFifo()), AbortSignal.abort())
    expect((await aborted).end).toEqual({ kind: 'stopped' })
  })

  test('an engine that takes nothing more cannot keep it from stopping', async () => {
    const path = newFifo()
    const controller = new AbortController()
    const source = await openStream(path)
    const running = source.run({ packet: () => {} }, controller.signal, () => new Promise(() => {}))
    execFileSync('sh', ['-c', 'cat > "$0"', path], { input: capture })
    controller.abort()
    expect(await running).toEqual({ kind: 'stopped' })
  })

  test('with something else in it', async () => {
    const path = newFifo()
    const reading = readSource(await openStream(path))
    execFileSync('sh', ['-c', 'cat > "$0"', path], { input: 'tcpdump: eth9: No such device exists\n' })
    expect((await reading).end).toMatchObject({ code: 'capture_foreign', message: expect.stringContaining(path) })
  })
})

test('a pcapng stream tells its interfaces and what its writer lost', async () => {
  const path = newFifo()
  const source = await openStream(path)
  const reading = readSource(source)
  const bytes = pcapng([
    {
      bigEndian: false,
      interfaces: [{ name: 'mirror0', linkType: 1, resolution: 9, offset: 0n }],
      packets,
      dropped: 17n,
    },
  ])
  execFileSync('sh', ['-c', 'cat > "$0"', path], { input: bytes })
  expect(await reading).toMatchObject({ interfaces: ['mirror0'], dropped: 17, end: { kind: 'complete' } })
})

test('time goes on from the latest packet, not from the wall clock', async () => {
  const path = newFifo()
  const source = await openStream(path)
  expect(Math.abs(source.now() - Date.now() * 1000)).toBeLessThan(60e6)
  const controller = new AbortController()
  const collector = new Collector()
  const running = source.run(collector, controller.signal, () => undefined)
  const writer = openSync(path, 'r+')
  writeSync(writer, capture)
  await until(() => collector.packets.length === all.length, 'every packet')
  const last = all.at(-1)?.time ?? 0
  await until(() => source.now() > last, 'time to pass')
  expect(source.now()).toBeLessThan(last + 3600e6)
  controller.abort()
  closeSync(writer)
  await running
})

test('what cannot be a stream is refused with what to do instead', async () => {
  await expect(openStream(join(folder, 'none'))).rejects.toMatchObject({
    code: 'capture_unreadable',
    message: expect.stringContaining('ENOENT'),
    mend: expect.stringContaining('mkfifo'),
  })
  await expect(openStream(folder)).rejects.toMatchObject({ code: 'capture_unreadable', mend: expect.stringContaining('--folder') })
})
