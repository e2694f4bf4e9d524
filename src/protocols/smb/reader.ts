/**
 * NetBIOS session service (RFC 1002 §4.3.1) and SMB directly on TCP ([MS-SMB2] §2.1):
 *   packet: type 1 (0 session message, 81 request, 82 positive, 83 negative, 84 retarget, 85 keep alive), length 3, content
 * Content of a session message: protocol id 4 (FF, FE, FD or FC and "SMB"), rest.
 */
const HEADER = 4
const SESSION_MESSAGE = 0x00
/** What is looked at of a message before it is known whether it is of interest. */
export const HEAD = 16
/** Bytes of one message that are kept; a session setup with its token is far shorter. */
const MAX_MESSAGE = 32_768
const PROTOCOL_ID_TAIL = 0x534d42

/** What the reader reports. Bytes are valid during the call only. */
export interface SmbSink {
  /** The first `HEAD` bytes of a message: true asks for it as a whole. */
  wants(head: Uint8Array): boolean
  /** A message that was asked for; cut beyond the limit. `start` is the packet time of its first byte. */
  message(bytes: Uint8Array, streamOffset: number, start: number): void
}

/** Cuts one direction of a connection into messages, whatever pieces it comes in. */
export class SmbReader {
  readonly #sink: SmbSink
  #state: 'header' | 'message' | 'skip' | 'search' = 'header'
  #header = 0
  #headerLength = 0
  #buffer = new Uint8Array(256)
  #used = 0
  #wanted = false
  /** Bytes of the packet that are still to come. */
  #left = 0
  #position = 0
  #messageOffset = 0
  #messageStart = 0
  #time = 0
  /** The latest eight bytes, while a message is searched for. */
  #before = 0
  #latest = 0

  constructor(sink: SmbSink, midstream: boolean) {
    this.#sink = sink
    if (midstream) this.#state = 'search'
  }

  feed(bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#time = time
    const end = offset + length
    const base = this.#position - offset
    for (let at = offset; at < end; ) {
      switch (this.#state) {
        case 'header':
          at = this.#readHeader(bytes, at, base)
          break
        case 'message':
          at = this.#readMessage(bytes, at, end)
          break
        case 'skip':
          at = this.#skip(at, end)
          break
        case 'search':
          at = this.#search(bytes, at, end, base)
      }
    }
    this.#position += length
  }

  /** Bytes were lost: within a message its length still tells where the next one begins. */
  gap(length: number): void {
    this.#position += length
    if ((this.#state === 'message' || this.#state === 'skip') && length <= this.#left) {
      this.#left -= length
      this.#state = this.#left === 0 ? 'header' : 'skip'
      return
    }
    this.#state = 'search'
    this.#headerLength = 0
    this.#before = 0
    this.#latest = 0
  }

  #readHeader(bytes: Uint8Array, at: number, base: number): number {
    this.#header = ((this.#header << 8) | bytes[at]) >>> 0
    this.#headerLength++
    if (this.#headerLength === HEADER) this.#begin(this.#header, base + at + 1)
    return at + 1
  }

  #begin(header: number, streamOffset: number): void {
    this.#headerLength = 0
    this.#used = 0
    this.#wanted = false
    this.#left = header & 0xff_ffff
    this.#messageOffset = streamOffset
    this.#messageStart = this.#time
    if (this.#left > 0) this.#state = header >>> 24 === SESSION_MESSAGE ? 'message' : 'skip'
    else this.#state = 'header'
  }

  #readMessage(bytes: Uint8Array, at: number, end: number): number {
    const limit = this.#wanted ? MAX_MESSAGE : HEAD
    const take = Math.min(this.#left, end - at, limit - this.#used)
    this.#keep(bytes, at, take)
    this.#left -= take
    if (!this.#wanted && this.#used === HEAD) this.#wanted = this.#sink.wants(this.#buffer.subarray(0, HEAD))
    const isOver = this.#left === 0 || (this.#wanted ? this.#used === MAX_MESSAGE : this.#used === HEAD)
    if (!isOver) return at + take
    this.#state = this.#left === 0 ? 'header' : 'skip'
    if (this.#wanted) this.#sink.message(this.#buffer.subarray(0, this.#used), this.#messageOffset, this.#messageStart)
    return at + take
  }

  #keep(bytes: Uint8Array, at: number, length: number): void {
    if (this.#used + length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(MAX_MESSAGE, (this.#used + length) * 2))
      grown.set(this.#buffer.subarray(0, this.#used))
      this.#buffer = grown
    }
    this.#buffer.set(bytes.subarray(at, at + length), this.#used)
    this.#used += length
  }

  #skip(at: number, end: number): number {
    const take = Math.min(this.#left, end - at)
    this.#left -= take
    if (this.#left === 0) this.#state = 'header'
    return at + take
  }

  /** Go on at the next packet header that a protocol id follows. */
  #search(bytes: Uint8Array, at: number, end: number, base: number): number {
    while (at < end) {
      this.#before = ((this.#before << 8) | (this.#latest >>> 24)) >>> 0
      this.#latest = ((this.#latest << 8) | bytes[at++]) >>> 0
      if (!isProtocolId(this.#latest) || !mayHold(this.#before)) continue
      const id = Uint8Array.of(this.#latest >>> 24, 0x53, 0x4d, 0x42)
      this.#begin(this.#before, base + at - id.length)
      this.#readMessage(id, 0, id.length)
      return at
    }
    return at
  }
}

/** FF for SMB 1, FE for SMB 2 and 3, FD where encrypted, FC where compressed. */
export function isProtocolId(word: number): boolean {
  return (word & 0xff_ffff) === PROTOCOL_ID_TAIL && word >>> 24 >= 0xfc
}

/** A header of a session message that is long enough for SMB. */
export function mayHold(header: number): boolean {
  return header >>> 24 === SESSION_MESSAGE && header >= 32
}
