// A capture file in memory, for tests: classic pcap in; pcap of either resolution and byte order, or pcapng, out.

export interface Frame {
  /** Nanoseconds since 1970 UTC. */
  readonly time: bigint
  readonly data: Buffer
}

export type Format = 'microsecond' | 'nanosecond' | 'swapped' | 'pcapng'

const MICROSECOND_MAGIC = 0xa1b2c3d4
const NANOSECOND_MAGIC = 0xa1b23c4d
const ETHERNET = 1
const NANOSECONDS = 1_000_000_000n

/** Frames of a little-endian microsecond pcap, as tcpdump writes it. */
export function readPcap(file: Buffer): readonly Frame[] {
  if (file.readUInt32LE(0) !== MICROSECOND_MAGIC) throw new Error('not a little-endian microsecond pcap')
  const frames: Frame[] = []
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8)
    const time = BigInt(file.readUInt32LE(at)) * NANOSECONDS + BigInt(file.readUInt32LE(at + 4)) * 1000n
    frames.push({ time, data: file.subarray(at + 16, at + 16 + length) })
    at += 16 + length
  }
  return frames
}

/** `dropped`: packets that the capture says it lost, for a format that has a place for it. */
export function writeCapture(frames: readonly Frame[], format: Format = 'microsecond', dropped?: number): Buffer {
  return format === 'pcapng' ? writePcapng(frames, dropped) : writePcap(frames, format)
}

function writePcap(frames: readonly Frame[], format: Exclude<Format, 'pcapng'>): Buffer {
  const big = format === 'swapped'
  const unit = format === 'nanosecond' ? 1n : 1000n
  const words = (...values: readonly number[]): Buffer => {
    const out = Buffer.alloc(values.length * 4)
    for (const [index, value] of values.entries()) big ? out.writeUInt32BE(value, index * 4) : out.writeUInt32LE(value, index * 4)
    return out
  }
  const version = big ? 0x0002_0004 : 0x0004_0002
  const parts = [words(format === 'nanosecond' ? NANOSECOND_MAGIC : MICROSECOND_MAGIC, version, 0, 0, 262_144, ETHERNET)]
  for (const { time, data } of frames)
    parts.push(words(Number(time / NANOSECONDS), Number((time % NANOSECONDS) / unit), data.length, data.length), data)
  return Buffer.concat(parts)
}

/** Section header, one interface with nanosecond resolution, enhanced packet blocks, and statistics of the interface if drops are known. */
function writePcapng(frames: readonly Frame[], dropped: number | undefined): Buffer {
  const section = Buffer.alloc(16)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt16LE(1, 4)
  section.fill(0xff, 8)
  const description = Buffer.alloc(24)
  description.writeUInt16LE(ETHERNET, 0)
  description.writeUInt16LE(2, 8)
  description.writeUInt16LE(3, 10)
  description.write('br0', 12)
  description.writeUInt16LE(9, 16)
  description.writeUInt16LE(1, 18)
  description.writeUInt8(9, 20)
  const parts = [block(0x0a0d0d0a, section), block(1, Buffer.concat([description, Buffer.alloc(4)]))]
  for (const { time, data } of frames) {
    const head = Buffer.alloc(20)
    head.writeUInt32LE(Number(time >> 32n), 4)
    head.writeUInt32LE(Number(time & 0xffff_ffffn), 8)
    head.writeUInt32LE(data.length, 12)
    head.writeUInt32LE(data.length, 16)
    parts.push(block(6, Buffer.concat([head, data])))
  }
  if (dropped !== undefined) parts.push(statistics(frames, dropped))
  return Buffer.concat(parts)
}

/** Interface statistics block: interface, time stamp high and low, isb_ifrecv, isb_ifdrop. */
function statistics(frames: readonly Frame[], dropped: number): Buffer {
  const last = frames.at(-1)?.time ?? 0n
  const body = Buffer.alloc(40)
  body.writeUInt32LE(Number(last >> 32n), 4)
  body.writeUInt32LE(Number(last & 0xffff_ffffn), 8)
  for (const [at, code, value] of [
    [12, 4, frames.length + dropped],
    [24, 5, dropped],
  ]) {
    body.writeUInt16LE(code, at)
    body.writeUInt16LE(8, at + 2)
    body.writeBigUInt64LE(BigInt(value), at + 4)
  }
  return block(5, Buffer.concat([body, Buffer.alloc(4)]))
}

function block(type: number, body: Buffer): Buffer {
  const padding = (4 - (body.length % 4)) % 4
  const out = Buffer.alloc(body.length + padding + 12)
  out.writeUInt32LE(type, 0)
  out.writeUInt32LE(out.length, 4)
  body.copy(out, 8)
  out.writeUInt32LE(out.length, out.length - 4)
  return out
}
