import { type Frame, writeCapture } from '../captures/pcap.ts'

/** Little-endian, microseconds, Ethernet. */
export const PCAP_HEADER = writeCapture([])

const MICROSECOND = 1000n

/** A frame as a pcap record. */
export function appendFrame({ time, data }: Frame): Buffer {
  const record = Buffer.alloc(16 + data.length)
  record.writeUInt32LE(Number(time / 1_000_000_000n), 0)
  record.writeUInt32LE(Number((time % 1_000_000_000n) / MICROSECOND), 4)
  record.writeUInt32LE(data.length, 8)
  record.writeUInt32LE(data.length, 12)
  data.copy(record, 16)
  return record
}

/** Copies of one recorded TCP dialogue over IPv4, each from another client and port, one after the other in time. */
export class Replicator {
  readonly #records: Buffer
  readonly #offsets: readonly { readonly at: number; readonly fromClient: boolean }[]
  readonly #spanSeconds: number

  constructor(frames: readonly Frame[]) {
    const records = frames.map(appendFrame)
    this.#records = Buffer.concat(records)
    const client = frames[0]!.data.readUInt16BE(34)
    let at = 0
    this.#offsets = records.map((record, index) => {
      const offset = { at, fromClient: frames[index]!.data.readUInt16BE(34) === client }
      at += record.length
      return offset
    })
    this.#spanSeconds = Number((frames.at(-1)!.time - frames[0]!.time) / 1_000_000_000n) + 1
  }

  /** The records of copy `number`, valid until the next call. Checksums are not kept up, as with offloading network cards. */
  copy(number: number): Buffer {
    const records = Buffer.from(this.#records)
    for (const { at, fromClient } of this.#offsets) {
      const frame = at + 16
      records.writeUInt32LE(records.readUInt32LE(at) + number * this.#spanSeconds, at)
      records.writeUInt32BE(fromClient ? clientAddress(number) : SERVER, frame + 26)
      records.writeUInt32BE(fromClient ? SERVER : clientAddress(number), frame + 30)
      records.writeUInt16BE(20_000 + (number % 40_000), frame + (fromClient ? 34 : 36))
    }
    return records
  }
}

const SERVER = 0x0a_14_00_14
const clientAddress = (number: number): number => 0x0a_14_01_01 + (number % 200)
