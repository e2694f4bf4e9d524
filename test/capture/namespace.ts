import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestPacket } from './formats.ts'

/** Sends the frames of a little-endian pcap from interface `right`, in rounds, with a pause (s) after each. */
const SENDER = `
import socket, struct, sys, time
path, rounds, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
data = open(path, 'rb').read()
frames, at = [], 24
while at < len(data):
    size = struct.unpack_from('<I', data, at + 8)[0]
    frames.append(data[at + 16:at + 16 + size])
    at += 16 + size
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(('right', 0))
share = -(-len(frames) // rounds)
for begin in range(0, len(frames), share):
    for frame in frames[begin:begin + share]:
        link.send(frame)
    time.sleep(pause)
`

/** Why live capture cannot be tested here; undefined when it can. */
export function whyNoLiveCapture(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is not root'
  for (const program of ['ip', 'tcpdump', 'python3']) if (spawnSync(program, ['--help']).error !== undefined) return `${program} is missing`
  if (spawnSync('ip', ['netns', 'exec', '/', 'true']).error !== undefined) return 'there are no network namespaces'
  try {
    createRequire(import.meta.url)('cap')
    return undefined
  } catch (error) {
    return `the package cap cannot be loaded: ${(error as Error).message}`
  }
}

/** A network of its own with two ends of a wire: what is sent on `right` comes in on `left`. Nothing else is on it. */
export class TestNetwork {
  readonly name = `wardwire-${process.pid}-${Math.floor(Math.random() * 1e6)}`
  readonly folder = mkdtempSync(join(tmpdir(), 'wardwire-network-'))

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name])
    try {
      this.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
      this.run('ip', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right')
      for (const end of ['left', 'right']) this.run('ip', 'link', 'set', end, 'mtu', '65535', 'up')
    } catch (error) {
      this.remove()
      throw error
    }
  }

  /** What starts a program in this network. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  run(...command: readonly string[]): string {
    const [program, ...args] = [...this.prefix, ...command]
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  send(capture: Uint8Array, rounds = 1, pauseSeconds = 0): void {
    const file = join(this.folder, 'sent.pcap')
    writeFileSync(file, capture)
    this.run('python3', '-c', SENDER, file, String(rounds), String(pauseSeconds))
  }

  remove(): void {
    spawnSync('ip', ['netns', 'del', this.name])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Ethernet frames of many sizes that no kernel answers: local experimental EtherType, some with a VLAN tag. */
export function testFrames(count: number): readonly TestPacket[] {
  return Array.from({ length: count }, (_, index) => {
    const tag = index % 5 === 0 ? '81000007' : ''
    const head = Buffer.from(`02000000000102000000000a${tag}88b5`, 'hex')
    const body = Buffer.alloc(60 + ((index * 37) % 1400), index % 251)
    body.writeUInt32BE(index)
    const data = Buffer.concat([head, body])
    return { time: 0n, data, length: data.length, interface: 0 }
  })
}
