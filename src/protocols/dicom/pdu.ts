/**
 * The upper layer's units (PS3.8 §9.3):
 *   PDU: type 1, reserved 1, length 4, content
 *   P-DATA-TF content: PDVs of length 4, presentation context id 1, message control header 1 (bit 0 command, bit 1 last), fragment
 * Content of P-DATA passes through by ranges; only the other PDUs, which are short, are put together.
 */
export const PduType = { ASSOCIATE_RQ: 1, ASSOCIATE_AC: 2, ASSOCIATE_RJ: 3, P_DATA: 4, RELEASE_RQ: 5, RELEASE_RP: 6, ABORT: 7 } as const

const HEADER = 6
const PDV_HEADER = 6
/** Bytes that tell a PDU when looking for one in the middle of a stream: both headers of P-DATA. */
export const LOCK = HEADER + PDV_HEADER
/** The same where several PDVs share the PDU: the first element of the command that the first one is, too. */
const LONG_LOCK = LOCK + 8
/** Command group length (0000,0000), four bytes long, which begins every command set (PS3.7 §6.3.1). */
const GROUP_LENGTH = [0, 0, 0, 0, 4, 0, 0, 0] as const
/** A longer PDU is taken for lost synchronization. */
const MAX_PDU = 1 << 30
/** A P-DATA or association PDU to lock on to is at most this long. */
const MAX_LOCK_PDU = 1 << 26
const MAX_LOCK_ASSOCIATE = 1 << 20
/** Content of an A-ASSOCIATE-RQ or -AC before its items. */
export const MIN_ASSOCIATE = 68

/** What the reader reports. Ranges are valid during the call only. */
export interface PduSink {
  /** A whole PDU other than P-DATA: its content is `data`, `start` and `end` are the times of its first and last byte. */
  control(type: number, reserved: number, data: Buffer, start: number, end: number, streamOffset: number): void
  dataPdu(length: number, reserved: number, start: number, streamOffset: number): void
  fragmentStart(contextId: number, flags: number): void
  fragmentData(data: Uint8Array, offset: number, length: number): void
  fragmentEnd(end: number): void
  violation(code: string): void
  /** Synchronization was lost (a gap, or nonsense); what comes next is the next PDU that can be told. */
  lost(): void
  /** Bytes of the fragment in hand were lost, but not the place in the stream. */
  damaged(): void
  /** A control PDU is longer than any that is kept, and was passed over. */
  overlong(): void
}

/**
 * A-RELEASE-RQ and -RP (PS3.8 §9.3.6, §9.3.7): type 5 or 6, reserved 1, length 4, reserved 4.
 * A-ABORT (PS3.8 §9.3.8): type 7, reserved 1, length 4, reserved 2, source 1, reason 1.
 */
const SHORT_BYTES = 10
const LAST_ABORT_SOURCE = 2
const LAST_ABORT_REASON = 6
const NO_BYTES = Buffer.alloc(0)

/** Where a stream of PDUs broke off. */
export interface TornPdu {
  readonly type: number
  /** What came of its content, where it is kept: of all PDUs but P-DATA. */
  readonly data: Buffer
  readonly start: number
  readonly streamOffset: number
  /** The sender broke the PDU off to abort: what its last bytes say. */
  readonly abort: { readonly source: number; readonly reason: number } | undefined
}

/** The PDU with which a side ended what it sent; source and reason are those of an abort. */
export interface LastPdu {
  readonly type: number
  readonly source: number
  readonly reason: number
}

type State = 'header' | 'control' | 'pdv_header' | 'fragment' | 'skip' | 'search'

/** Cuts one direction of a connection into PDUs and fragments, whatever pieces it comes in. */
export class PduReader {
  readonly #sink: PduSink
  readonly #maxControl: number
  #state: State
  /** Header or search bytes carried from one piece to the next; made when there are any. */
  #head = NO_BYTES
  #headUsed = 0
  #control = NO_BYTES
  #controlUsed = 0
  #type = 0
  #reserved = 0
  /** Bytes left of the PDU, and of the fragment. */
  #pduLeft = 0
  #fragmentLeft = 0
  /** Bytes of the stream that have passed, and where in it index 0 of the piece in hand would stand. */
  #position = 0
  #base = 0
  #pduOffset = 0
  #pduTime = 0
  /** The last bytes of a stream that stands inside a PDU. */
  #tail = NO_BYTES

  constructor(maxControl: number, midstream: boolean, sink: PduSink) {
    this.#maxControl = maxControl
    this.#sink = sink
    this.#state = midstream ? 'search' : 'header'
  }

  feed(data: Uint8Array, offset: number, length: number, time: number): void {
    this.#base = this.#position - offset
    this.#consume(data, offset, offset + length, time)
    this.#position += length
    if (this.#isInside || this.#state === 'search') this.#keepTail(data, offset, length)
  }

  #consume(data: Uint8Array, from: number, end: number, time: number): void {
    for (let at = from; at < end; ) {
      switch (this.#state) {
        case 'fragment':
          at = this.#fragment(data, at, end, time)
          break
        case 'pdv_header':
          at = this.#pdvHeader(data, at, end, time)
          break
        case 'header':
          at = this.#header(data, at, end, time)
          break
        case 'control':
          at = this.#controlBytes(data, at, end, time)
          break
        case 'skip':
          at = this.#skip(at, end)
          break
        case 'search':
          at = this.#search(data, at, end, time)
      }
    }
  }

  /** Where the stream broke off, unless that is between PDUs. */
  get torn(): TornPdu | undefined {
    if (!this.#isInside) return undefined
    const data = this.#state === 'control' ? this.#control.subarray(0, this.#controlUsed) : NO_BYTES
    return { type: this.#type, data, start: this.#pduTime, streamOffset: this.#pduOffset, abort: this.#appendedAbort() }
  }

  /** Where the place in the stream was lost: the release or abort, as it should be, that the last bytes are. */
  get lastPdu(): LastPdu | undefined {
    const tail = this.#tail
    if (this.#state !== 'search' || tail.length === 0) return undefined
    const [type, source, reason] = [tail[0], tail[8], tail[9]]
    if (tail[1] !== 0 || tail.readUInt32BE(2) !== 4 || tail.readUInt16BE(6) !== 0) return undefined
    const isRelease = (type === PduType.RELEASE_RQ || type === PduType.RELEASE_RP) && source === 0 && reason === 0
    const isAbort = type === PduType.ABORT && source <= LAST_ABORT_SOURCE && reason <= LAST_ABORT_REASON
    return isRelease || isAbort ? { type, source, reason } : undefined
  }

  get #isInside(): boolean {
    return this.#state === 'header' ? this.#headUsed > 0 : this.#state !== 'search'
  }

  #keepTail(data: Uint8Array, offset: number, length: number): void {
    if (this.#tail.length === 0) this.#tail = Buffer.alloc(SHORT_BYTES)
    const tail = this.#tail
    const fresh = Math.min(length, SHORT_BYTES)
    if (fresh < SHORT_BYTES) tail.copyWithin(0, fresh)
    for (let index = 0; index < fresh; index++) tail[SHORT_BYTES - fresh + index] = data[offset + length - fresh + index]
  }

  /** The last bytes are an A-ABORT that does not stand where one could: its sender did not finish the PDU. */
  #appendedAbort(): TornPdu['abort'] {
    const tail = this.#tail
    if (this.#position - this.#pduOffset <= SHORT_BYTES || tail[0] !== PduType.ABORT || tail.readUInt32BE(2) !== 4) return undefined
    return { source: tail[8], reason: tail[9] }
  }

  /** The next byte begins a PDU: what the other side sent says so. */
  synchronize(): void {
    if (this.#state !== 'search') return
    this.#headUsed = 0
    this.#state = 'header'
  }

  /** `length` bytes never came. Inside a fragment the place in the stream is known all the same. */
  gap(length: number): void {
    this.#position += length
    this.#tail.fill(0)
    if (this.#state === 'fragment' && this.#fragmentLeft > length) {
      this.#fragmentLeft -= length
      this.#pduLeft -= length
      this.#sink.damaged()
      return
    }
    if (this.#state === 'skip' && this.#pduLeft > length) {
      this.#pduLeft -= length
      return
    }
    this.#lose()
  }

  #lose(): void {
    this.#headUsed = 0
    this.#state = 'search'
    this.#sink.lost()
  }

  /** Collect `size` header bytes; gives where reading goes on, with `#headUsed === size` when complete. */
  #collect(data: Uint8Array, at: number, end: number, size: number): number {
    if (this.#head.length === 0) this.#head = Buffer.alloc(LONG_LOCK)
    while (at < end && this.#headUsed < size) this.#head[this.#headUsed++] = data[at++]
    return at
  }

  #header(data: Uint8Array, at: number, end: number, time: number): number {
    if (this.#headUsed === 0) {
      this.#pduOffset = this.#base + at
      this.#pduTime = time
      if (end - at >= HEADER) {
        this.#readHeader(data, at, time)
        return at + HEADER
      }
    }
    const next = this.#collect(data, at, end, HEADER)
    if (this.#headUsed < HEADER) return next
    this.#headUsed = 0
    this.#readHeader(this.#head, 0, time)
    return next
  }

  #readHeader(data: Uint8Array, at: number, time: number): void {
    const type = data[at]
    const length = u32(data, at + 2)
    this.#reserved = data[at + 1]
    if (type < PduType.ASSOCIATE_RQ || type > PduType.ABORT || length > MAX_PDU || (type !== PduType.P_DATA && length > MAX_LOCK_PDU)) {
      this.#sink.violation(type < PduType.ASSOCIATE_RQ || type > PduType.ABORT ? 'unknown_pdu_type' : 'bad_pdu_length')
      this.#lose()
      return
    }
    this.#begin(type, length, time)
  }

  #begin(type: number, length: number, time: number): void {
    this.#type = type
    this.#pduLeft = length
    if (type === PduType.P_DATA) {
      this.#sink.dataPdu(length, this.#reserved, this.#pduTime, this.#pduOffset)
      this.#state = length > 0 ? 'pdv_header' : 'header'
      return
    }
    if (length > this.#maxControl) {
      this.#sink.violation('control_pdu_too_long')
      this.#sink.overlong()
      this.#state = 'skip'
      return
    }
    this.#control = Buffer.allocUnsafe(length)
    this.#controlUsed = 0
    this.#state = 'control'
    if (length === 0) this.#finishControl(time)
  }

  #controlBytes(data: Uint8Array, at: number, end: number, time: number): number {
    const take = Math.min(end - at, this.#pduLeft)
    this.#control.set(data.subarray(at, at + take), this.#controlUsed)
    this.#controlUsed += take
    this.#pduLeft -= take
    if (this.#pduLeft === 0) this.#finishControl(time)
    return at + take
  }

  #finishControl(time: number): void {
    const content = this.#control
    this.#state = 'header'
    this.#control = NO_BYTES
    this.#sink.control(this.#type, this.#reserved, content, this.#pduTime, time, this.#pduOffset)
  }

  #pdvHeader(data: Uint8Array, at: number, end: number, time: number): number {
    if (this.#pduLeft < PDV_HEADER) {
      this.#sink.violation('pdv_exceeds_pdu')
      this.#state = 'skip'
      return at
    }
    if (this.#headUsed === 0 && end - at >= PDV_HEADER) {
      this.#openPdv(data, at, time)
      return at + PDV_HEADER
    }
    const next = this.#collect(data, at, end, PDV_HEADER)
    if (this.#headUsed < PDV_HEADER) return next
    this.#headUsed = 0
    this.#openPdv(this.#head, 0, time)
    return next
  }

  #openPdv(head: Uint8Array, at: number, time: number): void {
    const length = u32(head, at)
    this.#pduLeft -= PDV_HEADER
    if (length < 2 || length - 2 > this.#pduLeft) {
      this.#sink.violation('pdv_exceeds_pdu')
      this.#state = this.#pduLeft > 0 ? 'skip' : 'header'
      return
    }
    this.#fragmentLeft = length - 2
    this.#state = 'fragment'
    if (head[at + 5] > 3) this.#sink.violation('nonzero_reserved_bytes')
    this.#sink.fragmentStart(head[at + 4], head[at + 5])
    if (this.#fragmentLeft === 0) this.#endFragment(time)
  }

  #fragment(data: Uint8Array, at: number, end: number, time: number): number {
    const take = Math.min(end - at, this.#fragmentLeft)
    this.#sink.fragmentData(data, at, take)
    this.#fragmentLeft -= take
    this.#pduLeft -= take
    if (this.#fragmentLeft === 0) this.#endFragment(time)
    return at + take
  }

  #endFragment(time: number): void {
    this.#state = this.#pduLeft > 0 ? 'pdv_header' : 'header'
    this.#sink.fragmentEnd(time)
  }

  #skip(at: number, end: number): number {
    const take = Math.min(end - at, this.#pduLeft)
    this.#pduLeft -= take
    if (this.#pduLeft === 0) this.#state = 'header'
    return at + take
  }

  /** Look for a PDU that tells itself from chance bytes: see `lockAt`. */
  #search(data: Uint8Array, at: number, end: number, time: number): number {
    const from = this.#headUsed === 0 ? firstCandidate(data, at, end) : at
    const next = this.#collect(data, from, end, this.#headUsed < LOCK ? LOCK : LONG_LOCK)
    while (this.#headUsed >= LOCK) {
      const answer = lockAt(this.#head, 0, this.#headUsed)
      if (answer === 'more') return next
      if (answer === 'lock') {
        this.#lock(this.#base + next - this.#headUsed, time)
        return next
      }
      const again = firstCandidate(this.#head, 1, this.#headUsed)
      this.#head.copyWithin(0, again, this.#headUsed)
      this.#headUsed -= again
    }
    return next
  }

  /** The head holds the first bytes of a PDU, which begins at `offset` of the stream: read them, and go on behind them. */
  #lock(offset: number, time: number): void {
    const held = Buffer.from(this.#head.subarray(0, this.#headUsed))
    const base = this.#base
    this.#base = offset
    this.#headUsed = 0
    this.#state = 'header'
    this.#consume(held, 0, held.length, time)
    this.#base = base
  }
}

function firstCandidate(data: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && data[at] !== PduType.P_DATA && data[at] !== PduType.ASSOCIATE_RQ) at++
  return at
}

/**
 * Do the bytes at `at`, of which `held` are at hand, begin a PDU beyond reasonable doubt? That is a P-DATA PDU that one PDV fills exactly (the
 * lengths of both headers agree, the context id is odd, the flags are 0 to 3); one whose first of several PDVs is a whole command; or an
 * A-ASSOCIATE-RQ of protocol version 1 whose called AE title begins with text. `more` when it may be the second, with `LONG_LOCK` bytes to tell.
 */
export function lockAt(data: Uint8Array, at: number, held: number): 'lock' | 'more' | 'none' {
  const length = u32(data, at + 2)
  if (data[at] === PduType.P_DATA) return dataLockAt(data, at, held, length)
  const isAssociate =
    data[at] === PduType.ASSOCIATE_RQ &&
    length >= MIN_ASSOCIATE &&
    length <= MAX_LOCK_ASSOCIATE &&
    data[at + 6] === 0 &&
    data[at + 7] === 1 &&
    isPrintable(data[at + 10]) &&
    isPrintable(data[at + 11])
  return isAssociate ? 'lock' : 'none'
}

function dataLockAt(data: Uint8Array, at: number, held: number, length: number): 'lock' | 'more' | 'none' {
  const pdv = u32(data, at + 6)
  if (length < PDV_HEADER || length > MAX_LOCK_PDU || (data[at + 10] & 1) === 0 || data[at + 11] > 3) return 'none'
  if (pdv === length - 4) return 'lock'
  const mayBeCommand = data[at + 11] === 3 && pdv > GROUP_LENGTH.length && pdv <= length - 4 - PDV_HEADER
  if (!mayBeCommand) return 'none'
  if (held < LONG_LOCK) return 'more'
  return GROUP_LENGTH.every((byte, index) => data[at + LOCK + index] === byte) ? 'lock' : 'none'
}

function u32(data: Uint8Array, at: number): number {
  return ((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) >>> 0
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e
}
