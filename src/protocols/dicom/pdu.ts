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
/** A longer PDU is taken for lost synchronization. */
const MAX_PDU = 1 << 30
/** A P-DATA or association PDU to lock on to is at most this long. */
const MAX_LOCK_PDU = 1 << 26
const MAX_LOCK_ASSOCIATE = 1 << 20
/** Content of an A-ASSOCIATE-RQ or -AC before its items. */
export const MIN_ASSOCIATE = 68

/** What the reader reports. Ranges are valid during the call only. */
export interface PduSink {
  /** A whole PDU other than P-DATA: its content is `data[0 .. length)`; `start` and `end` are the times of its first and last byte. */
  control(type: number, data: Buffer, length: number, start: number, end: number, streamOffset: number): void
  dataPdu(length: number, start: number, streamOffset: number): void
  fragmentStart(contextId: number, flags: number): void
  fragmentData(data: Uint8Array, offset: number, length: number): void
  fragmentEnd(end: number): void
  violation(code: string): void
  /** Synchronization was lost (a gap, or nonsense); what comes next is the next PDU that can be told. */
  lost(): void
  /** Bytes of the fragment in hand were lost, but not the place in the stream. */
  damaged(): void
}

type State = 'header' | 'control' | 'pdv_header' | 'fragment' | 'skip' | 'search'

/** Cuts one direction of a connection into PDUs and fragments, whatever pieces it comes in. */
export class PduReader {
  readonly #sink: PduSink
  readonly #maxControl: number
  #state: State
  /** Header or search bytes carried from one piece to the next. */
  readonly #head = Buffer.alloc(LOCK)
  #headUsed = 0
  #control = Buffer.alloc(0)
  #controlUsed = 0
  #type = 0
  /** Bytes left of the PDU, and of the fragment. */
  #pduLeft = 0
  #fragmentLeft = 0
  #position = 0
  #pduOffset = 0
  #pduTime = 0

  constructor(maxControl: number, midstream: boolean, sink: PduSink) {
    this.#maxControl = maxControl
    this.#sink = sink
    this.#state = midstream ? 'search' : 'header'
  }

  feed(data: Uint8Array, offset: number, length: number, time: number): void {
    let at = offset
    const end = offset + length
    while (at < end) {
      const before = at
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
      this.#position += at - before
    }
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
    while (at < end && this.#headUsed < size) this.#head[this.#headUsed++] = data[at++]
    return at
  }

  #header(data: Uint8Array, at: number, end: number, time: number): number {
    if (this.#headUsed === 0) {
      this.#pduOffset = this.#position
      this.#pduTime = time
    }
    const next = this.#collect(data, at, end, HEADER)
    if (this.#headUsed < HEADER) return next
    this.#headUsed = 0
    const type = this.#head[0]
    const length = this.#head.readUInt32BE(2)
    if (type < PduType.ASSOCIATE_RQ || type > PduType.ABORT || length > MAX_PDU || (type !== PduType.P_DATA && length > MAX_LOCK_PDU)) {
      this.#sink.violation(type < PduType.ASSOCIATE_RQ || type > PduType.ABORT ? 'unknown_pdu_type' : 'bad_pdu_length')
      this.#lose()
      return next
    }
    this.#begin(type, length, time)
    return next
  }

  #begin(type: number, length: number, time: number): void {
    this.#type = type
    this.#pduLeft = length
    if (type === PduType.P_DATA) {
      this.#sink.dataPdu(length, this.#pduTime, this.#pduOffset)
      this.#state = length > 0 ? 'pdv_header' : 'header'
      return
    }
    if (length > this.#maxControl) {
      this.#sink.violation('control_pdu_too_long')
      this.#state = 'skip'
      return
    }
    if (this.#control.length < length) this.#control = Buffer.allocUnsafe(Math.max(4096, length))
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
    this.#state = 'header'
    this.#sink.control(this.#type, this.#control, this.#controlUsed, this.#pduTime, time, this.#pduOffset)
  }

  #pdvHeader(data: Uint8Array, at: number, end: number, time: number): number {
    if (this.#pduLeft < PDV_HEADER) {
      this.#sink.violation('pdv_exceeds_pdu')
      this.#state = 'skip'
      return at
    }
    const next = this.#collect(data, at, end, PDV_HEADER)
    if (this.#headUsed < PDV_HEADER) return next
    this.#headUsed = 0
    this.#openPdv(this.#head, 0, time)
    return next
  }

  #openPdv(head: Buffer, at: number, time: number): void {
    const length = head.readUInt32BE(at)
    this.#pduLeft -= PDV_HEADER
    if (length < 2 || length - 2 > this.#pduLeft) {
      this.#sink.violation('pdv_exceeds_pdu')
      this.#state = this.#pduLeft > 0 ? 'skip' : 'header'
      return
    }
    this.#fragmentLeft = length - 2
    this.#state = 'fragment'
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

  /** Look for a PDU that tells itself from chance bytes: see `isLock`. */
  #search(data: Uint8Array, at: number, end: number, time: number): number {
    const from = this.#headUsed === 0 ? firstCandidate(data, at, end) : at
    const next = this.#collect(data, from, end, LOCK)
    if (this.#headUsed < LOCK) return next
    if (isLock(this.#head, 0)) {
      this.#lock(this.#position + (next - at) - LOCK, time)
      return next
    }
    const again = firstCandidate(this.#head, 1, LOCK)
    this.#head.copyWithin(0, again)
    this.#headUsed = LOCK - again
    return next
  }

  /** The head holds the first bytes of a PDU: go on in it. */
  #lock(offset: number, time: number): void {
    this.#headUsed = 0
    this.#pduOffset = offset
    this.#pduTime = time
    this.#begin(this.#head[0], this.#head.readUInt32BE(2), time)
    if (this.#type === PduType.P_DATA) {
      this.#openPdv(this.#head, HEADER, time)
      return
    }
    if (this.#state === 'skip') {
      this.#pduLeft -= LOCK - HEADER
      return
    }
    this.#control.set(this.#head.subarray(HEADER), 0)
    this.#controlUsed = LOCK - HEADER
    this.#pduLeft -= LOCK - HEADER
  }
}

function firstCandidate(data: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && data[at] !== PduType.P_DATA && data[at] !== PduType.ASSOCIATE_RQ) at++
  return at
}

/**
 * Twelve bytes that begin a PDU beyond reasonable doubt: a P-DATA PDU that one PDV fills exactly (the lengths of both headers agree, the
 * context id is odd, the flags are 0 to 3), or an A-ASSOCIATE-RQ of protocol version 1 whose called AE title begins with text.
 */
export function isLock(data: Uint8Array, at: number): boolean {
  const length = u32(data, at + 2)
  if (data[at] === PduType.P_DATA)
    return (
      length >= PDV_HEADER && length <= MAX_LOCK_PDU && u32(data, at + 6) === length - 4 && (data[at + 10] & 1) === 1 && data[at + 11] <= 3
    )
  return (
    data[at] === PduType.ASSOCIATE_RQ &&
    length >= MIN_ASSOCIATE &&
    length <= MAX_LOCK_ASSOCIATE &&
    data[at + 6] === 0 &&
    data[at + 7] === 1 &&
    isPrintable(data[at + 10]) &&
    isPrintable(data[at + 11])
  )
}

function u32(data: Uint8Array, at: number): number {
  return ((data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]) >>> 0
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e
}
