import type { Layers } from './layers.ts'

/** A datagram reassembled in its own memory. */
export interface Reassembled {
  readonly data: Uint8Array
  readonly length: number
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
  /** Fragments given up because the limit was hit, and datagrams that never became whole. */
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
    const datagram = this.#datagrams.get(key) ?? this.#open(key, layers.time)
    if (datagram.pieces.length >= MAX_PIECES || this.#fragments >= this.#maxFragments) {
      this.limitHits++
      this.#makeRoom()
      return undefined
    }
    datagram.pieces.push({ offset: layers.fragmentOffset, bytes: layers.data.slice(layers.at, layers.end) })
    datagram.bytes += length
    this.#fragments++
    if (!layers.moreFragments) datagram.total = layers.fragmentOffset + length
    if (datagram.total === undefined || datagram.bytes < datagram.total) return undefined
    return this.#assemble(datagram, datagram.total)
  }

  /** Give up datagrams that stayed incomplete too long. */
  tick(time: number): void {
    for (const datagram of this.#datagrams.values()) {
      if (time - datagram.startTime < TIME_OUT) return
      this.#close(datagram)
      this.incomplete++
    }
  }

  #open(key: string, time: number): Datagram {
    const datagram: Datagram = { key, startTime: time, pieces: [], bytes: 0, total: undefined }
    this.#datagrams.set(key, datagram)
    return datagram
  }

  #close(datagram: Datagram): void {
    this.#datagrams.delete(datagram.key)
    this.#fragments -= datagram.pieces.length
  }

  #makeRoom(): void {
    const oldest = this.#datagrams.values().next().value
    if (oldest === undefined) return
    this.#close(oldest)
    this.incomplete++
  }

  #assemble(datagram: Datagram, total: number): Reassembled | undefined {
    const data = new Uint8Array(total)
    let filled = 0
    for (const { offset, bytes } of [...datagram.pieces].sort((a, b) => a.offset - b.offset)) {
      if (offset > filled) return undefined
      const skip = filled - offset
      if (skip > 0) this.overlaps++
      if (skip >= bytes.length) continue
      const take = Math.min(bytes.length - skip, total - filled)
      data.set(bytes.subarray(skip, skip + take), filled)
      filled += take
    }
    if (filled < total) return undefined
    this.#close(datagram)
    return { data, length: total }
  }
}

function keyOf({ version, source, target, protocol, fragmentId }: Layers): string {
  return version === 4 ? `${source[0]},${target[0]},${protocol},${fragmentId}` : `${source.join()},${target.join()},${fragmentId}`
}
