import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../src/capture/file.ts'
import { readBytes, readSource, until } from './collector.ts'
import { pcap } from './formats.ts'
import { TestNetwork, testFrames, whyNoLiveCapture } from './namespace.ts'
import { startWatcher } from './watcher.ts'

const obstacle = whyNoLiveCapture()
if (obstacle !== undefined && process.env['CI'] === 'true') throw new Error(`live capture must be tested in CI, but ${obstacle}`)

const sent = pcap(testFrames(2000), { bigEndian: false, nanoseconds: false, linkType: 1 })
const all = readBytes(sent).packets
const frames = all.map(({ frame }) => frame)

test('without cap it names the two ways out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-without-cap-'))
  const preload = join(folder, 'without-cap.cjs')
  writeFileSync(
    preload,
    `const modules = require('node:module')
    const load = modules._load
    modules._load = (name, ...rest) => {
      if (name === 'cap') throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
      return load(name, ...rest)
    }`,
  )
  try {
    const { error } = await startWatcher({ interface: 'lo' }, { env: { NODE_OPTIONS: `--require ${preload}` } }).result()
    expect(error).toMatchObject({
      code: 'capture_unavailable',
      message: 'live capture from an interface is not available: the package cap is not installed or was not built',
      mend: expect.stringMatching(/install libpcap-dev.*make clean build; or .*tcpdump .* \| wardwire run --from -/),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe.skipIf(obstacle !== undefined)(`live capture${obstacle === undefined ? '' : ` (not tested: ${obstacle})`}`, () => {
  let network: TestNetwork
  beforeEach(() => {
    network = new TestNetwork()
  })
  afterEach(() => network.remove())

  const watch = (settings: object): ReturnType<typeof startWatcher> =>
    startWatcher({ interface: 'left', buffer_bytes: 268_435_456, ...settings }, { prefix: network.prefix, state: network.folder })

  test('gives the packets that tcpdump gives, in order, with the time of now', async () => {
    const file = join(network.folder, 'witness.pcap')
    const tcpdump = spawn('ip', ['netns', 'exec', network.name, 'tcpdump', '-i', 'left', '-s', '0', '-U', '-B', '200000', '-w', file])
    const witness = once(tcpdump, 'close')
    await until(() => existsSync(file), 'tcpdump')
    const watcher = watch({})
    await watcher.ready()
    const before = Date.now() * 1000 - 1000
    network.send(sent)
    await until(() => readFileSync(file).length === sent.length, 'the witness')
    tcpdump.kill()
    watcher.process.kill('SIGTERM')
    await witness
    const { end, packets = [], interfaces } = await watcher.result()
    const recorded = await readSource(openCaptureFile(file))
    expect(end).toEqual({ kind: 'stopped' })
    expect(interfaces).toEqual(['left'])
    const timeless = (list: typeof packets): unknown => list.map(packet => ({ ...packet, time: undefined }))
    expect(timeless(packets)).toEqual(timeless(recorded.packets))
    expect(packets.map(({ frame }) => frame)).toEqual(frames)
    const times = packets.map(({ time }) => time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times[0]).toBeGreaterThanOrEqual(before)
    expect(times.at(-1)).toBeLessThanOrEqual(Date.now() * 1000 + 1000)
    expect(new Set(times.map(time => time % 1000)).size).toBeGreaterThan(10)
  })

  test('SIGTERM right after the last packet loses none', async () => {
    const watcher = watch({})
    await watcher.ready()
    network.send(sent)
    watcher.process.kill('SIGTERM')
    expect((await watcher.result()).packets?.map(({ frame }) => frame)).toEqual(frames)
  })

  test('the filter, the snap length and promiscuous mode decide what is kept', async () => {
    const other = Buffer.from(frames[1], 'latin1')
    const own = Buffer.concat([
      Buffer.from(network.run('cat', '/sys/class/net/left/address').trim().replaceAll(':', ''), 'hex'),
      other.subarray(6),
    ])
    const broadcast = Buffer.concat([Buffer.alloc(6, 0xff), other.subarray(6)])
    const capture = pcap(
      [other, own, broadcast].map(data => ({ time: 0n, data, length: data.length, interface: 0 })),
      { bigEndian: false, nanoseconds: false, linkType: 1 },
    )
    const watchers = [
      { filter: 'ether broadcast' },
      { promiscuous: false },
      { filter: 'not ether broadcast', promiscuous: false },
      { snap_length: 64 },
    ].map(watch)
    for (const watcher of watchers) await watcher.ready()
    network.send(capture)
    for (const watcher of watchers) watcher.process.kill('SIGTERM')
    const [filtered, addressed, both, short] = await Promise.all(watchers.map(watcher => watcher.result()))
    const text = (...kept: readonly Buffer[]): readonly string[] => kept.map(data => data.toString('latin1'))
    expect(filtered.packets?.map(({ frame }) => frame)).toEqual(text(broadcast))
    expect(addressed.packets?.map(({ frame }) => frame)).toEqual(text(own, broadcast))
    expect(both.packets?.map(({ frame }) => frame)).toEqual(text(own))
    expect(short.packets).toMatchObject(
      [other, own, broadcast].map(data => ({ frame: data.subarray(0, 64).toString('latin1'), originalLength: data.length })),
    )
  })

  test('on any interface the link type is that of Linux cooked captures', async () => {
    const watcher = watch({ interface: 'any' })
    await watcher.ready()
    network.send(sent.subarray(0, 24 + 16 + frames[0].length))
    watcher.process.kill('SIGTERM')
    const { packets = [] } = await watcher.result()
    expect(packets.map(({ linkType }) => linkType)).toEqual([113, 113])
  })

  test('an interface that goes down or away ends it with a clear message', async () => {
    for (const command of [
      ['ip', 'link', 'set', 'left', 'down'],
      ['ip', 'link', 'del', 'left'],
    ]) {
      network.run('ip', 'link', 'set', 'left', 'up')
      const watcher = watch({})
      await watcher.ready()
      network.run(...command)
      expect((await watcher.result()).end).toMatchObject({
        code: 'capture_interface_down',
        message: 'left: the interface went down or away',
      })
    }
  })

  test('what cannot be captured is refused with what to do instead', async () => {
    network.run('ip', 'link', 'add', 'idle', 'type', 'veth', 'peer', 'name', 'idler')
    const refusals = [
      [{ interface: 'eth99' }, 'capture_interface_unknown', 'there is no interface eth99', /interfaces here: .*\bleft\b/],
      [{ interface: 'idle' }, 'capture_interface_down', 'the interface idle is down', /ip link set idle up/],
      [
        { filter: 'port banana' },
        'capture_filter_invalid',
        'the capture filter "port banana" cannot be used on left',
        /tcpdump -i left -d/,
      ],
    ] as const
    for (const [settings, code, message, mend] of refusals)
      expect((await watch(settings).result()).error).toMatchObject({
        code,
        message: expect.stringContaining(message),
        mend: expect.stringMatching(mend),
      })
  })

  test('without the permission it says how to get it', async () => {
    const drop = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']
    const watcher = startWatcher({ interface: 'left' }, { prefix: [...network.prefix, ...drop], state: network.folder })
    expect((await watcher.result()).error).toMatchObject({
      code: 'capture_permission',
      mend: expect.stringMatching(/CAP_NET_RAW.*tcpdump/),
    })
  })

  test('a folder that tcpdump rotates into and compresses gives every packet once', async () => {
    const watcher = startWatcher(
      { folder: { path: network.folder, patterns: ['cap-*'], poll_seconds: 0.1, settle_seconds: 0.5, finished: 'keep' } },
      { state: join(network.folder, 'state') },
    )
    await watcher.ready()
    const options = [
      '-i',
      'left',
      '-s',
      '0',
      '-B',
      '16384',
      '-Z',
      'root',
      '-G',
      '1',
      '-z',
      'gzip',
      '-w',
      join(network.folder, 'cap-%s.pcap'),
    ]
    const tcpdump = spawn('ip', ['netns', 'exec', network.name, 'tcpdump', ...options])
    let told = ''
    tcpdump.stderr.on('data', (text: Buffer) => {
      told += text
    })
    await until(() => told.includes('listening on'), 'tcpdump')
    const witness = once(tcpdump, 'close')
    network.send(sent, 16, 0.25)
    // Ended at once, it would leave in its buffer what it had no time to write; asked how much it has, it tells.
    await until(() => {
      tcpdump.kill('SIGUSR1')
      return told.includes(`${frames.length} packets captured`)
    }, 'the last packet')
    tcpdump.kill()
    await witness
    await watcher.seen(frames.length)
    watcher.process.kill('SIGTERM')
    expect((await watcher.result()).packets?.map(({ frame }) => frame)).toEqual(frames)
  })
})
