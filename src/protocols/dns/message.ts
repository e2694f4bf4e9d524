import { Cursor } from '../../bytes/cursor.ts'
import { formatIpv4, formatIpv6 } from '../../net/addresses.ts'

/** RFC 1035 §3.2.2, RFC 3596, RFC 2782; NB and NBSTAT of NetBIOS (RFC 1002 §4.2.1.3) share the numbers' space. */
export const RecordType = { A: 1, PTR: 12, HINFO: 13, TXT: 16, AAAA: 28, NB: 32, SRV: 33, NBSTAT: 33, ANY: 255 } as const

/** Records of one message that are looked at. */
const MAX_RECORDS = 256
/** RFC 1035 §2.3.4. */
const MAX_LABELS = 128
const MAX_NAME = 255

interface Question {
  readonly name: string
  readonly type: number
}

export interface ResourceRecord {
  readonly name: string
  readonly type: number
  /** Record data; names in it may point anywhere into the message. */
  readonly data: Cursor
}

export interface DnsMessage {
  readonly isResponse: boolean
  readonly opcode: number
  readonly responseCode: number
  readonly questions: readonly Question[]
  readonly answers: readonly ResourceRecord[]
  readonly additionals: readonly ResourceRecord[]
}

/**
 * Message (RFC 1035 §4.1): id 2, flags 2 (QR 1, opcode 4, AA TC RD RA 4, Z 3, RCODE 4), counts of questions, answers, authorities and
 * additionals 2 each; questions of name, type 2, class 2; records of name, type 2, class 2, TTL 4, length 2, data. Undefined when a
 * length does not fit or there are more records than anybody sends.
 */
export function readDnsMessage(bytes: Uint8Array, offset: number, length: number): DnsMessage | undefined {
  const cursor = new Cursor(bytes, offset, offset + length)
  cursor.skip(2)
  const flags = cursor.uint16()
  const counts = [cursor.uint16(), cursor.uint16(), cursor.uint16(), cursor.uint16()]
  if (cursor.short || counts.reduce((sum, count) => sum + count) > MAX_RECORDS) return undefined
  const questions = readAll(counts[0], () => readQuestion(cursor, offset))
  const [answers, authorities, additionals] = counts.slice(1).map(count => readAll(count, () => readRecord(cursor, offset)))
  if (questions === undefined || answers === undefined || authorities === undefined || additionals === undefined) return undefined
  return { isResponse: flags >>> 15 === 1, opcode: (flags >>> 11) & 15, responseCode: flags & 15, questions, answers, additionals }
}

function readAll<Item>(count: number, read: () => Item | undefined): readonly Item[] | undefined {
  const items: Item[] = []
  for (let index = 0; index < count; index++) {
    const item = read()
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function readQuestion(cursor: Cursor, start: number): Question | undefined {
  const name = readName(cursor, start)
  const type = cursor.uint16()
  cursor.skip(2)
  return name === undefined || cursor.short ? undefined : { name, type }
}

function readRecord(cursor: Cursor, start: number): ResourceRecord | undefined {
  const name = readName(cursor, start)
  const type = cursor.uint16()
  cursor.skip(6)
  const data = cursor.take(cursor.uint16())
  return name === undefined || cursor.short ? undefined : { name, type, data }
}

/**
 * Name (RFC 1035 §3.1, §4.1.4): labels of length 1 and text, ended by a zero or by a pointer (11, offset 14) to an earlier place in the
 * message that begins at `start`. Pointers go back only, so that they end. Dots inside of labels stay as they are. Undefined when broken.
 */
export function readName(cursor: Cursor, start: number): string | undefined {
  let reader = cursor
  let earliest = cursor.at
  const labels: string[] = []
  for (let length = 0; labels.length < MAX_LABELS; ) {
    const size = reader.uint8()
    if (reader.short) return undefined
    if (size === 0) return labels.join('.')
    if (size >= 0xc0) {
      const target = start + (((size & 0x3f) << 8) | reader.uint8())
      if (reader.short || target >= earliest) return undefined
      earliest = target
      reader = new Cursor(cursor.bytes, target, cursor.end)
      continue
    }
    length += size + 1
    if (size > 63 || length > MAX_NAME) return undefined
    labels.push(reader.text(size))
  }
  return undefined
}

/** A name without pointers that fills a range; its final zero is missing where it is relative (RFC 4702 §2.3.1, RFC 4704 §4.2). */
export function readWholeName({ bytes, at, end }: Cursor): string | undefined {
  return readName(new Cursor(Uint8Array.of(...bytes.subarray(at, end), 0)), 0)
}

/** The address in an A or AAAA record (RFC 1035 §3.4.1, RFC 3596 §2.2); undefined for another one. */
export function addressOf({ type, data }: ResourceRecord): string | undefined {
  const { bytes, at, end } = data
  const cursor = new Cursor(bytes, at, end)
  if (type === RecordType.A && cursor.left === 4) return formatIpv4(cursor.uint32())
  if (type !== RecordType.AAAA || cursor.left !== 16) return undefined
  return formatIpv6(cursor.uint32(), cursor.uint32(), cursor.uint32(), cursor.uint32())
}
