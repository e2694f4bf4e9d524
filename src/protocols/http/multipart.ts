import { type MediaType, readMediaType } from './message.ts'

const CR = 0x0d
/** Printable, and without a line break above all; RFC 2046 §5.1.1 says 70 characters at most. */
const BOUNDARY = /^[ -~]{1,256}$/

/** Takes the parts of a body. Bytes are valid during the call only. */
export interface PartSink {
  partStart(mediaType: MediaType | undefined): void
  partData(bytes: Buffer, from: number, to: number): void
  /** Bytes of the part were lost. */
  partGap(length: number): void
  partEnd(): void
  /** The header fields of a part are longer than what is kept of them: the part is passed over. */
  partHeadTooLong(): void
}

/**
 * A multipart body (RFC 2046 §5.1.1), cut into its parts as it comes in:
 *   [preamble CRLF] "--" boundary *( LWSP ) CRLF *( field CRLF ) CRLF content
 *   *( CRLF "--" boundary *( LWSP ) CRLF *( field CRLF ) CRLF content ) CRLF "--" boundary "--" [epilogue]
 */
export class MultipartReader {
  readonly #delimiter: Buffer
  readonly #maxHead: number
  readonly #sink: PartSink
  #state: 'preamble' | 'head' | 'content' | 'epilogue' = 'preamble'
  /** Bytes of the delimiter that the data so far ends in. The first one may lack its line break, so that counts as seen. */
  #matched = 2
  /** What stands behind a delimiter: fields of the part. */
  #head = ''

  /** `maxHead`: bytes of the header fields of one part. */
  constructor(boundary: string, maxHead: number, sink: PartSink) {
    this.#maxHead = maxHead
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.#sink = sink
  }

  feed(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to) {
      if (this.#state === 'epilogue') return
      at = this.#state === 'head' ? this.#partHead(bytes, at, to) : this.#content(bytes, at, to)
    }
  }

  /** Bytes were lost. What is told of parts behind them is right, but some may be missing. */
  gap(length: number): void {
    if (this.#state === 'epilogue') return
    if (this.#state === 'head') {
      this.#state = 'preamble'
    }
    this.#matched = 0
    if (this.#state === 'content') this.#sink.partGap(length)
  }

  /** The body is over, with the closing delimiter or without. */
  end(): void {
    this.#release()
    if (this.#state === 'content') this.#sink.partEnd()
    this.#state = 'epilogue'
  }

  /** Content up to the next delimiter. Bytes that may be its beginning are held back: they equal it, so nothing needs to be kept. */
  #content(bytes: Buffer, from: number, to: number): number {
    const delimiter = this.#delimiter
    let at = from
    if (this.#matched > 0) {
      while (this.#matched < delimiter.length && at < to && bytes[at] === delimiter[this.#matched]) {
        this.#matched++
        at++
      }
      if (this.#matched === delimiter.length) {
        this.#delimited()
        return at
      }
      if (at === to) return to
      this.#release()
    }
    const found = bytes.subarray(at, to).indexOf(delimiter)
    const end = found < 0 ? to - this.#partialMatch(bytes, at, to) : at + found
    if (end > at) this.#pass(bytes, at, end)
    if (found < 0) {
      this.#matched = to - end
      return to
    }
    this.#delimited()
    return end + delimiter.length
  }

  /** How many of the last bytes are the beginning of a delimiter. CR stands at its start only. */
  #partialMatch(bytes: Buffer, from: number, to: number): number {
    const start = bytes.lastIndexOf(CR, to - 1)
    if (start < from || to - start >= this.#delimiter.length) return 0
    return bytes.compare(this.#delimiter, 0, to - start, start, to) === 0 ? to - start : 0
  }

  #release(): void {
    const held = this.#matched
    this.#matched = 0
    if (held > 0) this.#pass(this.#delimiter, 0, held)
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    if (this.#state === 'content') this.#sink.partData(bytes, from, to)
  }

  #delimited(): void {
    this.#matched = 0
    if (this.#state === 'content') this.#sink.partEnd()
    this.#state = 'head'
    this.#head = ''
  }

  #partHead(bytes: Buffer, at: number, to: number): number {
    const before = this.#head.length
    const taken = Math.min(to - at, this.#maxHead - before)
    const head = this.#head + bytes.toString('latin1', at, at + taken)
    if (head.startsWith('--')) {
      this.#state = 'epilogue'
      return to
    }
    const end = head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0 && head.length < this.#maxHead) {
      this.#head = head
      return at + taken
    }
    this.#head = ''
    if (end < 0) {
      this.#state = 'preamble'
      this.#sink.partHeadTooLong()
      return at + taken
    }
    this.#state = 'content'
    this.#sink.partStart(partMediaType(head.slice(0, end)))
    return at + end + 4 - before
  }
}

/** The boundary of a multipart media type. */
export function boundaryOf({ type, parameters }: MediaType): string | undefined {
  const boundary = type.startsWith('multipart/') ? parameters.get('boundary') : undefined
  return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : undefined
}

function partMediaType(head: string): MediaType | undefined {
  const field = head.split('\n').find(line => /^content-type\s*:/i.test(line))
  return field === undefined ? undefined : readMediaType(field.slice(field.indexOf(':') + 1))
}
