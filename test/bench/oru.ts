import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame } from '../captures/pcap.ts'
import { Connection } from './frames.ts'

const MESSAGES = join(import.meta.dirname, '..', 'captures', 'record', 'messages')
/** Senders that take turns, each on a connection of its own. */
const SENDERS = 50
const START = 1_741_680_000_000_000_000n
const STEP = 2_000_000n
const ENGINE = { address: 0x0a_14_00_32, port: 2575 }

/** `count` reports with their acknowledgments: the text is that of the recordings, framing and TCP are made here. */
export function* oruFrames(kind: 'device' | 'lab', count: number): Generator<Frame> {
  const text = readFileSync(join(MESSAGES, kind === 'device' ? 'oru-pcd01.hl7' : 'oru-lab.hl7'), 'utf8')
    .trim()
    .replaceAll('\n', '\r')
  const connections = Array.from(
    { length: SENDERS },
    (_, index) => new Connection({ address: 0x0a_14_02_01 + index, port: 40_000 + index }, ENGINE),
  )
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
    yield* connection.sent(framed(ofSender(text.replace(header, id), number % SENDERS))).map(stamped)
    yield* connection
      .answered(framed(`MSH|^~\\&|ENGINE|GENHOSP|X|GENHOSP|20250311090000||ACK^R01^ACK|A${id}|P|2.6\rMSA|AA|${id}`))
      .map(stamped)
  }
}

const framed = (text: string): Buffer => Buffer.from(`\x0b${text}\r\x1c\r`, 'latin1')

/** Every sender reports of a device of its own: another last byte of the EUI-64, another serial number. */
function ofSender(text: string, sender: number): string {
  const digits = (0xa1 + sender).toString(16).toUpperCase().padStart(2, '0').slice(-2)
  return text.replaceAll('FFFE4660A1', `FFFE4660${digits}`).replaceAll('DE65402277', `DE654022${String(sender).padStart(2, '0')}`)
}
