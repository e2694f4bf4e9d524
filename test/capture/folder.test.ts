import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFolder } from '../../src/capture/folder.ts'
import type { FolderSettings } from '../../src/capture/settings.ts'
import type { LiveSource } from '../../src/capture/source.ts'
import type { Log, LogFields } from '../../src/telemetry/log.ts'
import { Collector, until } from './collector.ts'
import { pcap, pcapng, type TestPacket } from './formats.ts'

const START = Math.floor(Date.now() / 1000)

let base: string
let folder: string
let state: string
const running: Watch[] = []
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'wardwire-folder-'))
  folder = join(base, 'captures')
  state = join(base, 'state')
  mkdirSync(folder)
})
afterEach(async () => {
  for (const watch of running.splice(0)) await watch.stop()
  rmSync(base, { recursive: true, force: true })
})

interface Watch {
  readonly source: LiveSource
  readonly collector: Collector
  readonly warnings: readonly string[]
  stop(): Promise<void>
}

/** Frames are their own names: `1`, `2`, … */
const frame = (name: string | number, size = 40): TestPacket => ({
  time: 1_700_000_000_000_000_000n,
  data: Buffer.from(String(name).padEnd(size)),
  length: size,
  interface: 0,
})
const header = pcap([], { bigEndian: false, nanoseconds: false, linkType: 1 })
const records = (...names: readonly (string | number)[]): Buffer =>
  pcap(
    names.map(name => frame(name)),
    { bigEndian: false, nanoseconds: false, linkType: 1 },
  ).subarray(header.length)
const capture = (...names: readonly (string | number)[]): Buffer => Buffer.concat([header, records(...names)])
const seen = ({ collector }: Watch): readonly string[] => collector.frames.map(text => text.trim())

async function watchFolder(settings: Partial<FolderSettings> = {}, directory = state): Promise<Watch> {
  const warnings: string[] = []
  const warn = (message: string, fields?: LogFields): void => void warnings.push(`${fields?.['error.code'] ?? ''}: ${message}`)
  const log: Log = { error: warn, warn, info: () => {}, debug: () => {} }
  const source = await openFolder(
    { path: folder, patterns: ['*.pcap*', '*.cap*'], poll_seconds: 0.01, settle_seconds: 0.1, finished: 'keep', ...settings },
    directory,
    log,
  )
  const controller = new AbortController()
  const collector = new Collector()
  const done = source.run(collector, controller.signal, () => undefined)
  let stopped = false
  const watch: Watch = {
    source,
    collector,
    warnings,
    stop: async () => {
      if (stopped) return
      stopped = true
      controller.abort()
      expect(await done).toEqual({ kind: 'stopped' })
    },
  }
  running.push(watch)
  return watch
}

/** Writes a file with a time of its own, `age` seconds ago. */
function write(name: string, content: Uint8Array, age = 0): void {
  const path = join(folder, name)
  writeFileSync(path, content)
  const time = START - age
  utimesSync(path, time, time)
}

const untilSeen = (watch: Watch, count: number): Promise<void> => until(() => seen(watch).length >= count, `${count} packets`)

describe('files that are there', () => {
  test('are read in the order of their time, then of their number', async () => {
    write('cap.pcap10', capture('d'), 100)
    write('cap.pcap2', capture('c'), 100)
    write(
      'b.pcapng',
      pcapng([{ bigEndian: true, interfaces: [{ name: 'eth0', linkType: 1, resolution: 6, offset: 0n }], packets: [frame('b')] }]),
      200,
    )
    write('z.pcap.gz', gzipSync(capture('a')), 300)
    write('notes.txt', Buffer.from('not a capture'), 400)
    write('.hidden.pcap', capture('hidden'), 400)
    mkdirSync(join(folder, 'sub.pcap'))
    const watch = await watchFolder()
    await untilSeen(watch, 4)
    expect(seen(watch)).toEqual(['a', 'b', 'c', 'd'])
    expect(watch.warnings).toEqual([])
  })

  test('wait for an older one that is still being compressed', async () => {
    write('a.pcap.gz', gzipSync(capture('a')))
    write('b.pcap', capture('b'))
    const watch = await watchFolder({ settle_seconds: 1 })
    await untilSeen(watch, 2)
    expect(seen(watch)).toEqual(['a', 'b'])
  })

  test('are chosen by patterns', async () => {
    write('eth1-1.dump', capture('1'))
    write('eth2-1.dump', capture('2'))
    const watch = await watchFolder({ patterns: ['eth2-?.du*'] })
    await untilSeen(watch, 1)
    expect(seen(watch)).toEqual(['2'])
  })
})

describe('a rotating capture', () => {
  test('is followed while the newest file grows, from file to file', async () => {
    write('cap-1.pcap', header.subarray(0, 10))
    const watch = await watchFolder()
    const expected: string[] = []
    for (let file = 1; file <= 4; file++) {
      const path = join(folder, `cap-${file}.pcap`)
      writeFileSync(path, header)
      for (let packet = 0; packet < 5; packet++) {
        const name = `${file}.${packet}`
        const record = records(name)
        appendFileSync(path, record.subarray(0, 21))
        if (packet % 2 === 0) await until(() => watch.source.position > 0, 'a look')
        appendFileSync(path, record.subarray(21))
        expected.push(name)
        if (packet < 4) await untilSeen(watch, expected.length)
      }
    }
    await untilSeen(watch, expected.length)
    expect(seen(watch)).toEqual(expected)
    expect(watch.source.statistics.packets).toBe(expected.length)
    expect(watch.warnings).toEqual([])
  })

  test('whose files are compressed afterwards is read once', async () => {
    write('cap-1.pcap', capture(1, 2))
    const watch = await watchFolder()
    await untilSeen(watch, 2)
    write('cap-2.pcap', capture(3))
    await untilSeen(watch, 3)
    // What gzip does: the compressed file appears beside the other one and grows, takes over its time, then the other one goes.
    const compressed = gzipSync(capture(1, 2))
    writeFileSync(join(folder, 'cap-1.pcap.gz'), compressed.subarray(0, 20))
    await until(() => existsSync(join(folder, 'cap-1.pcap.gz')), 'it')
    write('cap-1.pcap.gz', compressed, 60)
    rmSync(join(folder, 'cap-1.pcap'))
    write('cap-3.pcap', capture(4))
    await untilSeen(watch, 4)
    await watch.stop()
    const again = await watchFolder()
    write('cap-4.pcap', capture(5))
    await untilSeen(again, 1)
    expect(seen(watch)).toEqual(['1', '2', '3', '4'])
    expect(seen(again)).toEqual(['5'])
  })

  test('that uses its names again is read again', async () => {
    write('ring.pcap0', capture('first', 'second'))
    const watch = await watchFolder()
    await untilSeen(watch, 2)
    // In place, as tcpdump -W does …
    writeFileSync(join(folder, 'ring.pcap0'), capture('third', 'fourth', 'fifth'))
    await untilSeen(watch, 5)
    // … and as a new file, as dumpcap does.
    writeFileSync(join(folder, 'new'), capture('sixth'))
    renameSync(join(folder, 'new'), join(folder, 'ring.pcap0'))
    await untilSeen(watch, 6)
    expect(seen(watch)).toEqual(['first', 'second', 'third', 'fourth', 'fifth', 'sixth'])
    await watch.stop()
    writeFileSync(join(folder, 'ring.pcap0'), capture('seventh', 'eighth'))
    const again = await watchFolder()
    await untilSeen(again, 2)
    expect(seen(again)).toEqual(['seventh', 'eighth'])
  })

  test('whose file is moved away is read to the end of what was in it', async () => {
    write('cap-1.pcap', capture(1))
    const watch = await watchFolder({ poll_seconds: 0.3 })
    await untilSeen(watch, 1)
    appendFileSync(join(folder, 'cap-1.pcap'), records(2, 3))
    renameSync(join(folder, 'cap-1.pcap'), join(base, 'elsewhere.pcap'))
    await untilSeen(watch, 3)
    expect(seen(watch)).toEqual(['1', '2', '3'])
  })

  test('tells what its writer lost: one count over all files', async () => {
    const section = (dropped: bigint): Buffer =>
      pcapng([{ bigEndian: false, interfaces: [{ name: 'eth0', linkType: 1, resolution: 6, offset: 0n }], packets: [frame('x')], dropped }])
    write('cap_00001.pcapng', section(5n), 30)
    write('cap_00002.pcapng', section(7n), 20)
    write('cap_00003.pcapng', section(2n), 10)
    const watch = await watchFolder()
    await untilSeen(watch, 3)
    await until(() => watch.source.statistics.dropped !== undefined, 'the count')
    expect(watch.source.statistics.dropped).toBe(5 + 2 + 2)
    expect(watch.source.interfaces).toEqual(['eth0'])
  })
})

describe('a restart', () => {
  test('neither repeats nor skips: plain, pcapng and compressed files, in the middle of one', async () => {
    write('cap-1.pcap', capture(1, 2), 60)
    write('cap-2.pcap', capture(3, 4))
    const first = await watchFolder()
    await untilSeen(first, 4)
    await first.stop()
    appendFileSync(join(folder, 'cap-2.pcap'), records(5).subarray(0, 30))
    const second = await watchFolder()
    await until(() => second.source.position > 0, 'a look')
    appendFileSync(join(folder, 'cap-2.pcap'), records(5).subarray(30))
    await untilSeen(second, 1)
    await second.stop()
    appendFileSync(join(folder, 'cap-2.pcap'), records(6))
    write('cap-2.pcap.gz', gzipSync(capture(3, 4, 5, 6)), 10)
    rmSync(join(folder, 'cap-2.pcap'))
    const third = await watchFolder()
    await untilSeen(third, 1)
    write('cap-3.pcap', capture(7))
    await untilSeen(third, 2)
    expect([first, second, third].flatMap(seen)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect([first, second, third].flatMap(({ warnings }) => warnings)).toEqual([])
  })

  test('after a crash reads again rather than skips', async () => {
    write('cap-1.pcap', capture(1, 2, 3))
    const first = await watchFolder()
    await untilSeen(first, 3)
    cpSync(state, join(base, 'crashed'), { recursive: true })
    appendFileSync(join(folder, 'cap-1.pcap'), records(4))
    const second = await watchFolder({}, join(base, 'crashed'))
    await until(() => seen(second).includes('4'), 'the packet after the crash')
    const whole = ['1', '2', '3', '4']
    expect(seen(second)).toEqual(whole.slice(whole.length - seen(second).length))
  })

  test('with damaged positions says so and reads everything again', async () => {
    write('cap-1.pcap', capture(1))
    const first = await watchFolder()
    await untilSeen(first, 1)
    await first.stop()
    for (const file of readdirSync(state)) writeFileSync(join(state, file), Buffer.alloc(5000, 0x5a))
    const second = await watchFolder()
    await untilSeen(second, 1)
    expect(second.warnings).toEqual([expect.stringContaining('Positions in the capture folder were damaged')])
    expect(readdirSync(state).some(name => name.includes('corrupt'))).toBe(true)
  })
})

describe('bad files', () => {
  test('are named once and passed over', async () => {
    const corrupt = Buffer.concat([capture(1), Buffer.alloc(16, 0xff), records(2)])
    write('a.pcap', Buffer.from('this is text'), 90)
    write('b.pcap', corrupt, 80)
    write('c.pcap', capture(3, 4).subarray(0, -3), 70)
    write('d.pcap.gz', gzipSync(capture(5)).subarray(0, -4), 60)
    write('e.pcap', Buffer.alloc(0), 50)
    write('f.pcap', capture(6))
    const watch = await watchFolder()
    await until(() => seen(watch).includes('6') && watch.warnings.length >= 4, 'the warnings')
    expect(seen(watch)).toEqual(['1', '3', '5', '6'])
    expect(watch.warnings.map(text => text.replace(/: .*\/([a-z.]+): .*/, ' $1'))).toEqual([
      'capture_foreign a.pcap',
      'capture_corrupt b.pcap',
      'capture_truncated c.pcap',
      'capture_truncated d.pcap.gz',
    ])
    expect(watch.warnings[1]).toContain(`offset ${capture(1).length}`)
    await watch.stop()
    const again = await watchFolder()
    write('g.pcap', capture(7))
    await untilSeen(again, 1)
    expect(seen(again)).toEqual(['7'])
    expect(again.warnings).toEqual([])
  })

  test('that were only slow are read on', async () => {
    write('a.pcap', capture(1, 2).subarray(0, -10), 60)
    write('b.pcap.gz', gzipSync(capture(3, 4)).subarray(0, -9), 50)
    write('c.pcap', capture(5), 40)
    const watch = await watchFolder()
    await until(() => watch.warnings.length >= 2, 'the warnings')
    writeFileSync(join(folder, 'a.pcap'), capture(1, 2))
    writeFileSync(join(folder, 'b.pcap.gz'), gzipSync(capture(3, 4, 6)))
    await until(() => seen(watch).includes('2') && seen(watch).includes('6'), 'the rest')
    expect([...seen(watch)].sort()).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  test('a folder that goes away and comes back is waited for', async () => {
    write('a.pcap', capture(1))
    const watch = await watchFolder()
    await untilSeen(watch, 1)
    renameSync(folder, `${folder}-away`)
    await until(() => watch.warnings.length > 0, 'the warning')
    renameSync(`${folder}-away`, folder)
    appendFileSync(join(folder, 'a.pcap'), records(2))
    await untilSeen(watch, 2)
    expect(seen(watch)).toEqual(['1', '2'])
    expect(watch.warnings).toEqual([expect.stringContaining(`capture_unreadable: ${folder}: cannot be read (ENOENT)`)])
  })

  test('a folder that is not there is refused', async () => {
    await expect(watchFolder({ path: join(base, 'none') })).rejects.toMatchObject({
      code: 'capture_unreadable',
      message: expect.stringContaining('none: cannot be read (ENOENT)'),
    })
  })
})

test('finished files can be deleted: never the newest of a rotation, never a damaged one', async () => {
  write('cap-1.pcap', capture(1), 90)
  write('cap-2.pcap', capture(2).subarray(0, -1), 80)
  write('cap-3.pcap.gz', gzipSync(capture(3)), 70)
  write('other-1.pcap', capture(4), 60)
  write('cap-4.pcap', capture(5))
  const watch = await watchFolder({ finished: 'delete' })
  await until(() => !existsSync(join(folder, 'cap-1.pcap')) && !existsSync(join(folder, 'cap-3.pcap.gz')), 'the files to go')
  expect([...seen(watch)].sort()).toEqual(['1', '3', '4', '5'])
  expect(readdirSync(folder).sort()).toEqual(['cap-2.pcap', 'cap-4.pcap', 'other-1.pcap'])
})

test('time stands still while nothing comes', async () => {
  const watch = await watchFolder()
  expect(Math.abs(watch.source.now() - Date.now() * 1000)).toBeLessThan(60e6)
  write('cap-1.pcap', capture(1))
  await untilSeen(watch, 1)
  expect(watch.source.now()).toBe(1_700_000_000_000_000)
})
