import { ChunkFraming } from './chunks.ts'
import { type BodyLength, type Head, isStartLine, readHead, startLineWithin } from './message.ts'

const EMPTY = Buffer.alloc(0)
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
/** Where the place is lost, a start line is looked for in so many bytes at the end of each line. */
const MAX_TAIL = 2048
/** Longest method that is told from the beginning of a body. */
const MAX_METHOD = 20
const REQUEST_BEGINNING = /^[A-Z]{3,20} \S/

/** Where a message begins: packet time of its first byte (µs), and offset in the stream. */
export interface Place {
  readonly start: number
  readonly streamOffset: number
}

/** Takes the messages of one direction. Bytes are valid during the call only. */
export interface MessageSink {
  /** A head is complete; says how the body is delimited. */
  head(head: Head, place: Place): BodyLength
  /** Content of the body, without its chunk framing. */
  body(bytes: Buffer, from: number, to: number): void
  /** Content that was lost, its place being known. */
  bodyGap(length: number): void
  end(): void
  /** A head is longer than what is kept of one: its message is passed over, up to the next start line. */
  headTooLong(kind: 'request' | 'status', place: Place): void
  /** The place in the stream is lost: a message in hand is cut off, and bytes are passed over up to the next start line. */
  lost(): void
}

/**
 * Where a direction stands. `start` and `lost` both wait for a start line: the one at once, the other behind any bytes; `refused` waits for
 * either a body or a start line.
 */
type State = 'start' | 'lost' | 'fields' | 'refused' | 'length' | 'chunked' | 'close' | 'stopped'

/** Cuts one direction of a connection into messages, whatever pieces it comes in. Bodies are passed on or skipped, never kept. */
export class HttpReader {
  readonly #maxHead: number
  readonly #sink: MessageSink
  #state: State
  /** A line or head that came in several pieces. */
  #buffer = EMPTY
  #used = 0
  #start = 0
  #startOffset = 0
  #time = 0
  #position = 0
  /** How the body begins that may not come at all. */
  #refusedState: State = 'start'
  /** Bytes left of a body of known length. */
  #remaining = 0
  #chunks = new ChunkFraming()

  constructor(maxHead: number, midstream: boolean, sink: MessageSink) {
    this.#maxHead = maxHead
    this.#state = midstream ? 'lost' : 'start'
    this.#sink = sink
  }

  /** Takes all there is, but for what follows the end of HTTP on the connection; gives how many bytes it took. */
  feed(bytes: Uint8Array, offset: number, length: number, time: number): number {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length)
    this.#time = time
    let at = 0
    while (at < length && this.#state !== 'stopped') at = this.#step(chunk, at)
    this.#position += length
    return at
  }

  /** Bytes were lost. Within a body whose end is known the place is kept. */
  gap(length: number): void {
    this.#position += length
    switch (this.#state) {
      case 'stopped':
        return
      case 'close':
        this.#sink.bodyGap(length)
        return
      default:
        if (length > this.#contentLeft) this.#lose()
        else {
          this.#sink.bodyGap(length)
          this.#consume(length)
        }
    }
  }

  /** Bytes that are content for sure. */
  get #contentLeft(): number {
    if (this.#state === 'length') return this.#remaining
    return this.#state === 'chunked' && this.#chunks.state === 'data' ? this.#chunks.left : 0
  }

  /** Nothing more comes: that ends a body without a length. */
  close(): void {
    if (this.#state === 'close') this.#finish()
  }

  /**
   * The request whose body comes next was answered before any of it: a client that asked whether it should send it (RFC 9110 §10.1.1) may
   * go on with its next request, or send it all the same. A body shorter than a method is not told from one.
   */
  refuse(): void {
    const mayCome = this.#state === 'chunked' ? this.#chunks.isUntouched : this.#state === 'length' && this.#remaining > MAX_METHOD
    if (!mayCome) return
    this.#refusedState = this.#state
    this.#state = 'refused'
  }

  /** What follows is not HTTP. */
  stop(): void {
    this.#state = 'stopped'
    this.#used = 0
    this.#buffer = EMPTY
  }

  /** Take in some of `chunk` from `at` on, and give the place from which to go on. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'start':
      case 'lost':
        return this.#startLine(chunk, at)
      case 'fields':
        return this.#fields(chunk, at)
      case 'refused':
        return this.#bodyOrRequest(chunk, at)
      case 'length':
        return this.#content(chunk, at)
      case 'chunked':
        return this.#chunked(chunk, at)
      case 'close':
        this.#sink.body(chunk, at, chunk.length)
        return chunk.length
      case 'stopped':
        return chunk.length
    }
  }

  #startLine(chunk: Buffer, from: number): number {
    const lf = chunk.indexOf(LF, from)
    const to = lf < 0 ? chunk.length : lf + 1
    let at = from
    if (this.#used === 0) {
      this.#begin(at)
      const end = lf < 0 ? -1 : endOfHead(chunk, lf, chunk.length)
      if (end >= 0 && (this.#state === 'lost' || to - at <= this.#maxHead)) return this.#wholeHead(chunk, at, to, end)
    }
    if (this.#state === 'start' && this.#used + to - at > this.#maxHead) at = this.#lineTooLong(chunk, at)
    this.#keepTail(chunk, at, to)
    if (lf < 0) return to
    const found = this.#judge(this.#buffer.toString('latin1', 0, this.#used))
    if (found < 0) {
      this.#used = 0
      return to
    }
    this.#buffer.copyWithin(0, found, this.#used)
    this.#used -= found
    this.#startOffset += found
    this.#state = 'fields'
    return to
  }

  #begin(at: number): void {
    this.#start = this.#time
    this.#startOffset = this.#position + at
  }

  /** A line that has all of a head behind it: nothing needs to be kept. */
  #wholeHead(chunk: Buffer, at: number, to: number, end: number): number {
    const found = this.#judge(chunk.toString('latin1', at, to))
    if (found < 0) return to
    this.#startOffset += found
    if (end - at - found > this.#maxHead) {
      this.#headTooLong(chunk, at + found)
      return at + found + this.#maxHead
    }
    this.#complete(chunk.toString('latin1', at + found, end))
    return end
  }

  /** What fits of the line is taken, and is looked at like any other bytes from then on. */
  #lineTooLong(chunk: Buffer, at: number): number {
    const to = at + this.#maxHead - this.#used
    this.#append(chunk, at, to)
    if (REQUEST_BEGINNING.test(this.#buffer.toString('latin1', 0, MAX_METHOD + 2))) {
      this.#sink.headTooLong('request', { start: this.#start, streamOffset: this.#startOffset })
      this.#state = 'lost'
    } else this.#lose(true)
    return to
  }

  #headTooLong(bytes: Buffer, at: number): void {
    const kind = bytes.toString('latin1', at, at + 5) === 'HTTP/' ? 'status' : 'request'
    this.#sink.headTooLong(kind, { start: this.#start, streamOffset: this.#startOffset })
    this.#state = 'lost'
    this.#used = 0
  }

  /** Where in a line with its end a start line begins, or -1; what is not of one loses the place. */
  #judge(line: string): number {
    const text = line.slice(0, line.endsWith('\r\n') ? -2 : -1)
    if (this.#state === 'start') {
      if (text === '' || isStartLine(text)) return text === '' ? -1 : 0
      this.#lose(true)
    }
    const skipped = Math.max(0, text.length - MAX_TAIL)
    const found = startLineWithin(text.slice(skipped))
    return found < 0 ? -1 : skipped + found
  }

  /** The last bytes of a line that is not whole yet. */
  #keepTail(chunk: Buffer, at: number, to: number): void {
    const limit = this.#state === 'start' ? this.#maxHead : MAX_TAIL + 2
    const from = Math.max(at, to - limit)
    const over = this.#used + (to - from) - limit
    if (over > 0) {
      this.#buffer.copyWithin(0, over, this.#used)
      this.#used -= over
    }
    const dropped = from - at + Math.max(0, over)
    this.#startOffset += dropped
    this.#append(chunk, from, to)
  }

  #fields(chunk: Buffer, at: number): number {
    const before = this.#used
    const to = Math.min(chunk.length, at + Math.max(0, this.#maxHead - before))
    this.#append(chunk, at, to)
    const end = endOfHead(this.#buffer, Math.max(0, before - 2), this.#used)
    if (end < 0) {
      if (this.#used >= this.#maxHead) this.#headTooLong(this.#buffer, 0)
      return to
    }
    const text = this.#buffer.toString('latin1', 0, end)
    this.#used = 0
    this.#complete(text)
    return at + end - before
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const used = this.#used + to - from
    if (used > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, used * 2))
      this.#buffer.copy(grown, 0, 0, this.#used)
      this.#buffer = grown
    }
    chunk.copy(this.#buffer, this.#used, from, to)
    this.#used = used
  }

  #complete(text: string): void {
    const head = readHead(text)
    this.#buffer = EMPTY
    if (head === undefined) {
      this.#lose()
      return
    }
    const body = this.#sink.head(head, { start: this.#start, streamOffset: this.#startOffset })
    switch (body.kind) {
      case 'length':
        this.#state = 'length'
        this.#remaining = body.length
        if (body.length === 0) this.#finish()
        return
      case 'chunked':
        this.#state = 'chunked'
        this.#chunks = new ChunkFraming()
        return
      case 'close':
        this.#state = 'close'
        return
      case 'none':
        this.#finish()
        return
      case 'tunnel':
        this.#finish()
        this.stop()
    }
  }

  /** A method and a blank begin a request; whatever else comes is the body. */
  #bodyOrRequest(chunk: Buffer, from: number): number {
    if (this.#used === 0) this.#begin(from)
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]
      const isLetter = byte >= 0x41 && byte <= 0x5a
      if (isLetter && this.#used < MAX_METHOD) {
        this.#append(chunk, at, at + 1)
        continue
      }
      if (byte === SPACE && this.#used >= 3) this.#state = 'start'
      else this.#replay(this.#refusedState)
      return at
    }
    return chunk.length
  }

  /** What was held back is part of the body. */
  #replay(state: State): void {
    const held = this.#buffer.subarray(0, this.#used)
    this.#state = state
    this.#used = 0
    this.#buffer = EMPTY
    for (let at = 0; at < held.length; ) at = this.#step(held, at)
  }

  #content(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#contentLeft)
    this.#sink.body(chunk, at, to)
    this.#consume(to - at)
    return to
  }

  #consume(length: number): void {
    if (this.#state === 'chunked') {
      this.#chunks.passed(length)
      return
    }
    this.#remaining -= length
    if (this.#remaining === 0) this.#finish()
  }

  #chunked(chunk: Buffer, at: number): number {
    if (this.#chunks.state === 'data') return this.#content(chunk, at)
    const to = this.#chunks.step(chunk, at)
    if (this.#chunks.state === 'over') this.#finish()
    else if (this.#chunks.state === 'broken') this.#lose()
    return to
  }

  #finish(): void {
    this.#state = 'start'
    this.#sink.end()
  }

  /** `keepLine`: the line in hand may yet turn out to end in a start line. */
  #lose(keepLine = false): void {
    this.#state = 'lost'
    if (!keepLine) {
      this.#used = 0
      this.#buffer = EMPTY
    }
    this.#sink.lost()
  }
}

/** Behind the empty line that ends the head, the line feed at `from` or later being the end of a line before it; or -1. */
function endOfHead(bytes: Buffer, from: number, to: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0 && at + 1 < to; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && at + 2 < to && bytes[at + 2] === LF) return at + 3
  }
  return -1
}
