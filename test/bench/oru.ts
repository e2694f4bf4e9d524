import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame } from '../captures/pcap.ts'

const MESSAGES = join(import.meta.dirname, '..', 'captures', 'record', 'messages')
/** Senders that take turns, each on a connection of its own. */
const SENDERS = 50
const START = 1_741_680_000_000_000_000n
const STEP = 2_000_000n
const ENGINE = 0x0a_14_00_32
const [SYN, SYN_ACK, ACK, PUSH] = [0x02, 0x12, 0x10, 0x18]

/** `count` reports with their acknowledgments: the text is that of the recordings, framing and TCP are made here. */
export function* oruFrames(kind: 'device' | 'lab', count: number): Generator<Frame> {
  const text = readFileSync(join(MESSAGES, kind === 'device' ? 'oru-pcd01.hl7' : 'oru-lab.hl7'), 'utf8')
    .trim()
    .replaceAll('\n', '\r')
  const connections = Array.from({ length: SENDERS }, (_, index) => new Connection(index))
  let time = START
  const stamped = (data: Buffer): Frame => {
    time += STEP
    return { time, data }
  }
  for (const connection of connections) for (const data of connection.opened()) yield stamped(data)
  for (let number = 0; number < count; number++) {
    const connection = connections[number % SENDERS]!
    const id = `B${String(number).padStart(8, '0')}`
    const header = text.split('|', 10)[9]!
    yield* connection.sent(framed(text.replace(header, id))).map(stamped)
    yield* connection
      .answered(framed(`MSH|^~\\&|ENGINE|GENHOSP|X|GENHOSP|20250311090000||ACK^R01^ACK|A${id}|P|2.6\rMSA|AA|${id}`))
      .map(stamped)
  }
}

const framed = (text: string): Buffer => Buffer.from(`\x0b${text}\r\x1c\r`, 'latin1')

class Connection {
  readonly #address: number
  readonly #port: number
  #sent = 1000
  #answered = 5000

  constructor(index: number) {
    this.#address = 0x0a_14_02_01 + index
    this.#port = 40_000 + index
  }

  opened(): readonly Buffer[] {
    const frames = [this.#fromSender(SYN), this.#fromEngine(SYN_ACK), this.#fromSender(ACK)]
    return frames
  }

  sent(payload: Buffer): readonly Buffer[] {
    return [this.#fromSender(PUSH, payload)]
  }

  answered(payload: Buffer): readonly Buffer[] {
    return [this.#fromEngine(PUSH, payload)]
  }

  #fromSender(flags: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    const frame = tcpFrame(this.#address, ENGINE, this.#port, 2575, this.#sent, this.#answered, flags, payload)
    this.#sent += payload.length + (flags & SYN ? 1 : 0)
    return frame
  }

  #fromEngine(flags: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    const frame = tcpFrame(ENGINE, this.#address, 2575, this.#port, this.#answered, this.#sent, flags, payload)
    this.#answered += payload.length + (flags & SYN ? 1 : 0)
    return frame
  }
}

/** Ethernet II, IPv4 and TCP without options; checksums are left out, as with offloading network cards. */
function tcpFrame(
  source: number,
  target: number,
  sourcePort: number,
  targetPort: number,
  sequence: number,
  acknowledgment: number,
  flags: number,
  payload: Buffer,
): Buffer {
  const frame = Buffer.alloc(54 + payload.length)
  frame.writeUInt32BE(target, 2)
  frame.writeUInt32BE(source, 8)
  frame[0] = frame[6] = 0x02
  frame.writeUInt16BE(0x0800, 12)
  frame.writeUInt8(0x45, 14)
  frame.writeUInt16BE(40 + payload.length, 16)
  frame.writeUInt8(64, 22)
  frame.writeUInt8(6, 23)
  frame.writeUInt32BE(source, 26)
  frame.writeUInt32BE(target, 30)
  frame.writeUInt16BE(sourcePort, 34)
  frame.writeUInt16BE(targetPort, 36)
  frame.writeUInt32BE(sequence >>> 0, 38)
  frame.writeUInt32BE(acknowledgment >>> 0, 42)
  frame.writeUInt8(0x50, 46)
  frame.writeUInt8(flags, 47)
  frame.writeUInt16BE(64_000, 48)
  payload.copy(frame, 54)
  return frame
}
