import type { Layers } from './layers.ts'

/** A datagram reassembled in its own memory. */
export interface Reassembled {
  readonly data: Uint8Array
  readonly length: number
  readonly protocol: number
}

interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

interface Datagram {
  readonly key: string
  readonly startTime: number
  readonly pieces: Piece[]
  bytes: number
  /** Payload length once the last fragment was seen. */
  total: number | undefined
  /** Protocol that the first fragment names (RFC 8200 §4.5). */
  protocol: number | undefined
}

/** µs after which an incomplete datagram is given up (RFC 8200 §4.5 says 60 s; a mirror port sees fragments together). */
const TIME_OUT = 30_000_000
const MAX_DATAGRAM = 65_535
const MAX_PIECES = 128

/** Puts IP fragments together: first copy of a byte wins, memory bounded by the number of fragments kept. */
export class FragmentTable {
  readonly #maxFragments: number
  readonly #datagrams = new Map<string, Datagram>()
  #fragments = 0
  /** Times that a limit was hit, datagrams that never became whole, and datagrams some of whose bytes came twice. */
  limitHits = 0
  incomplete = 0
  overlaps = 0

  constructor(maxFragments: number) {
    this.#maxFragments = maxFragments
  }

  /** Take in the fragment in hand; gives the whole payload when this was its last missing part. */
  add(layers: Layers): Reassembled | undefined {
    const length = layers.end - layers.at
    if (length <= 0 || layers.end < layers.wireEnd || layers.fragmentOffset + length > MAX_DATAGRAM) return undefined
    const key = keyOf(layers)
    const known = this.#datagrams.get(key)
    if (known !== undefined && known.pieces.length >= MAX_PIECES) {
      this.limitHits++
      this.#giveUp(known)
      return undefined
    }
    if (this.#fragments >= this.#maxFragments) this.#makeRoom()
    const datagram = this.#datagrams.get(key) ?? this.#open(key, layers.time)
    datagram.pieces.push({ offset: layers.fragmentOffset, bytes: layers.data.slice(layers.at, layers.end) })
    datagram.bytes += length
    this.#fragments++
    if (layers.fragmentOffset === 0) datagram.protocol ??= layers.protocol
    if (!layers.moreFragments) datagram.total ??= layers.fragmentOffset + length
    return this.#assemble(datagram)
  }

  /** Give up datagrams that stayed incomplete too long. */
  tick(time: number): void {
    for (const datagram of this.#datagrams.values()) {
      if (time - datagram.startTime < TIME_OUT) return
      this.#giveUp(datagram)
    }
  }

  #open(key: string, time: number): Datagram {
    const datagram: Datagram = { key, startTime: time, pieces: [], bytes: 0, total: undefined, protocol: undefined }
    this.#datagrams.set(key, datagram)
    return datagram
  }

  #close(datagram: Datagram): void {
    this.#datagrams.delete(datagram.key)
    this.#fragments -= datagram.pieces.length
  }

  #giveUp(datagram: Datagram): void {
    this.#close(datagram)
    this.incomplete++
  }

  #makeRoom(): void {
    this.limitHits++
    const oldest = this.#datagrams.values().next().value
    if (oldest !== undefined) this.#giveUp(oldest)
  }

  #assemble(datagram: Datagram): Reassembled | undefined {
    const { pieces, bytes, total, protocol } = datagram
    if (total === undefined || protocol === undefined || bytes < total || !isCovered(pieces, total)) return undefined
    if (bytes > total) this.overlaps++
    const data = new Uint8Array(total)
    // Last piece first, so that the first copy of a byte stays.
    for (const piece of pieces.toReversed()) if (piece.offset < total) data.set(piece.bytes.subarray(0, total - piece.offset), piece.offset)
    this.#close(datagram)
    return { data, length: total, protocol }
  }
}

/** True when the pieces leave no hole. */
function isCovered(pieces: readonly Piece[], total: number): boolean {
  let covered = 0
  for (const { offset, bytes } of pieces.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > covered) return false
    covered = Math.max(covered, offset + bytes.length)
  }
  return covered >= total
}

function keyOf({ version, source, target, protocol, fragmentId }: Layers): string {
  return version === 4 ? `${source[0]},${target[0]},${protocol},${fragmentId}` : `${source.join()},${target.join()},${fragmentId}`
}
