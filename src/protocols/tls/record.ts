/**
 * The record layer (RFC 8446 §5.1, RFC 5246 §6.2):
 *   record: content type 1, legacy version 2, length 2, fragment
 * Fragments pass through by ranges; those that nobody asks for are skipped by their length.
 */
export const ContentType = { CHANGE_CIPHER_SPEC: 20, ALERT: 21, HANDSHAKE: 22, APPLICATION_DATA: 23, HEARTBEAT: 24 } as const

export const RECORD_HEADER = 5
/** 2^14 bytes, and what compression and ciphers of the older versions may add (RFC 5246 §6.2.3). */
const MAX_FRAGMENT = 16_384 + 2048
/** Bytes looked through for two records in a row before a direction is given up: the longest record and the header behind it. */
const MAX_SEARCH = RECORD_HEADER + MAX_FRAGMENT + RECORD_HEADER

/** What the reader reports. Ranges are valid during the call only. */
export interface RecordSink {
  /** A record begins: true asks for its fragment. */
  record(type: number, length: number): boolean
  fragment(type: number, bytes: Uint8Array, from: number, to: number): void
  /** Bytes were lost or made no sense: what is in hand is incomplete. */
  lost(): void
}

/** Cuts one direction of a connection into records, whatever pieces it comes in. */
export class RecordReader {
  readonly #sink: RecordSink
  #state: 'header' | 'fragment' | 'search' | 'given_up' = 'header'
  /** Header or search bytes carried from one piece to the next. */
  #carried = new Uint8Array(RECORD_HEADER)
  #carriedLength = 0
  #type = 0
  #left = 0
  #wanted = false

  constructor(sink: RecordSink) {
    this.#sink = sink
  }

  feed(bytes: Uint8Array, offset: number, length: number): void {
    const end = offset + length
    let at = offset
    while (at < end) {
      switch (this.#state) {
        case 'header':
          at = this.#header(bytes, at, end)
          break
        case 'fragment':
          at = this.#fragment(bytes, at, end)
          break
        case 'search':
          at = this.#search(bytes, at, end)
          break
        case 'given_up':
          return
      }
    }
  }

  /** Bytes were lost: within one record its length still tells where the next one begins. */
  gap(length: number): void {
    if (this.#state === 'fragment' && length <= this.#left) {
      if (this.#wanted) this.#sink.lost()
      this.#skip(length)
      return
    }
    if (this.#state === 'given_up') return
    this.#carriedLength = 0
    this.#desynchronize()
  }

  #header(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(RECORD_HEADER - this.#carriedLength, end - at)
    for (let index = 0; index < take; index++) this.#carried[this.#carriedLength++] = bytes[at + index]
    if (this.#carriedLength < RECORD_HEADER) return at + take
    if (!isRecordHeader(this.#carried, 0)) {
      this.#desynchronize()
      return at + take
    }
    this.#carriedLength = 0
    this.#begin(this.#carried[0], lengthAt(this.#carried, 0))
    return at + take
  }

  #begin(type: number, length: number): void {
    this.#state = 'fragment'
    this.#type = type
    this.#left = length
    this.#wanted = this.#sink.record(type, length)
  }

  #fragment(bytes: Uint8Array, at: number, end: number): number {
    const to = Math.min(end, at + this.#left)
    if (this.#wanted) this.#sink.fragment(this.#type, bytes, at, to)
    this.#skip(to - at)
    return to
  }

  #skip(length: number): void {
    this.#left -= length
    if (this.#left === 0) this.#state = 'header'
  }

  #desynchronize(): void {
    this.#state = 'search'
    this.#sink.lost()
  }

  /** Collect until two records in a row are found, then read on from the first of them. */
  #search(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(end - at, MAX_SEARCH - this.#carriedLength)
    const seen = new Uint8Array(this.#carriedLength + take)
    seen.set(this.#carried.subarray(0, this.#carriedLength))
    seen.set(bytes.subarray(at, at + take), this.#carriedLength)
    const found = findRecords(seen, 0, seen.length)
    if (typeof found === 'string') {
      this.#carried = seen
      this.#carriedLength = seen.length
      if (seen.length >= MAX_SEARCH) this.#giveUp()
      return at + take
    }
    this.#carried = new Uint8Array(RECORD_HEADER)
    this.#carriedLength = 0
    this.#state = 'header'
    this.feed(seen, found, seen.length - found)
    return at + take
  }

  #giveUp(): void {
    this.#state = 'given_up'
    this.#carried = new Uint8Array(0)
  }
}

/** A header of any version from SSL 3.0 on. Only application data could be empty, and it is not once it is protected. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]
  if (type < ContentType.CHANGE_CIPHER_SPEC || type > ContentType.HEARTBEAT || bytes[at + 1] !== 3 || bytes[at + 2] > 4) return false
  const length = lengthAt(bytes, at)
  return length > 0 && length <= MAX_FRAGMENT
}

export function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 3] << 8) | bytes[at + 4]
}

/**
 * Where, in bytes that may begin inside a record, one record follows another: of several such places the one that is told by the fewest
 * bytes, so that more bytes never change the answer. `more` when a first header may still be confirmed, else `none`.
 */
export function findRecords(bytes: Uint8Array, from: number, to: number): number | 'more' | 'none' {
  let found = -1
  let confirmedAt = to + 1
  let undecided = false
  for (let at = from; at < to && at < confirmedAt; at++) {
    if (to - at < RECORD_HEADER) {
      undecided ||= mayBeHeader(bytes, at, to)
      continue
    }
    if (!isRecordHeader(bytes, at)) continue
    const next = at + RECORD_HEADER + lengthAt(bytes, at)
    if (to - next < RECORD_HEADER) undecided ||= mayBeHeader(bytes, next, to)
    else if (next + RECORD_HEADER < confirmedAt && isRecordHeader(bytes, next)) {
      found = at
      confirmedAt = next + RECORD_HEADER
    }
  }
  if (found >= 0) return found
  return undecided ? 'more' : 'none'
}

/** The beginning of a header as far as it was seen. */
function mayBeHeader(bytes: Uint8Array, at: number, to: number): boolean {
  if (at < to && (bytes[at] < ContentType.CHANGE_CIPHER_SPEC || bytes[at] > ContentType.HEARTBEAT)) return false
  if (at + 1 < to && bytes[at + 1] !== 3) return false
  return at + 2 >= to || bytes[at + 2] <= 4
}
