import { PROGRAM_HEAD } from '../executable.ts'
import type { BufferPool } from './buffer-pool.ts'
import { type Command, readCommand } from './command.ts'
import { ContentHash, type ContentHashes } from './content-hash.ts'
import { type BulkData, ENTER_NONE, type Encoding, guessEncoding, inflateHead, isPixelData, walkDataset } from './dataset.ts'
import { LateBulk } from './late-bulk.ts'

/** First size at which the head of a data set is looked through for its bulk data; doubled while it is not found. */
const FIRST_LOOK = 8192
/** Bytes of the bulk data, and of what stands behind it, that are kept to see whether they are a program. */
const BULK_HEAD = PROGRAM_HEAD
const MAX_TRAILING = PROGRAM_HEAD
/** Fewer bytes behind the last element are padding. */
const MIN_ELEMENT = 8
const NO_BYTES = Buffer.alloc(0)

/** A data set as far as it was kept; `data` is valid during the call only. */
export interface DatasetHead {
  readonly data: Buffer
  readonly length: number
  readonly encoding: Encoding | undefined
  /** Bytes of the pixel data's value, as far as they were sent. */
  readonly pixelBytes: number
  /** Beginning of what stands behind the bulk data. */
  readonly trailing: Buffer | undefined
  readonly damaged: boolean
  /** All of it was seen, and it does not read as the encoding that was agreed on. */
  readonly malformed: boolean
  /** Of the whole content, where hashes are asked for and all of it was seen. */
  readonly hashes: ContentHashes | undefined
}

/** What an assembler reports. */
export interface MessageSink {
  /** `start` and `end`: times of the first and last byte; `streamOffset`: where the PDU that it began in begins. */
  command(command: Command, contextId: number, start: number, end: number, streamOffset: number): void
  dataset(head: DatasetHead, contextId: number, end: number): void
  encoding(contextId: number): Encoding | undefined
  violation(code: string): void
  /** There was no room to keep a message, which is passed over, or the head of a data set, of which only the beginning is read. */
  overfull(): void
  /** A command is longer than any that is kept, and is passed over. */
  commandOverlong(): void
}

export interface AssemblerOptions {
  /** Bytes of each data set that are kept at most. */
  readonly headLimit: number
  /** Bytes of the longest command that is kept. */
  readonly commandLimit: number
  readonly hashes: boolean
  readonly pool: BufferPool
}

/** One presentation context in one direction: the message whose fragments are coming in. */
class Assembly {
  command: Buffer = NO_BYTES
  commandUsed = 0
  head: Buffer = NO_BYTES
  headUsed = 0
  /** Size at which the head is looked at next; 0 once it needs no more. */
  nextLook = FIRST_LOOK
  bytes = 0
  bulk: BulkData | undefined
  /** Looks for the bulk data behind the head that is kept. */
  late: LateBulk | undefined
  trailing: Buffer | undefined
  hash: ContentHash | undefined
  damaged = false
  malformed = false
  streamOffset = 0
  time = 0
}

/**
 * Puts fragments together to commands and heads of data sets (PS3.8 annex E). Commands are short and kept whole; of a data set only the
 * head is kept, up to its bulk data; the rest is counted, and hashed where that is asked for, as it passes.
 */
export class MessageAssembler {
  readonly #sink: MessageSink
  readonly #headLimit: number
  readonly #commandLimit: number
  readonly #hashes: boolean
  readonly #pool: BufferPool
  readonly #assemblies = new Map<number, Assembly>()
  #current: Assembly | undefined
  #contextId = 0
  #isCommand = false
  #isLast = false
  #time = 0
  #streamOffset = 0

  constructor({ headLimit, commandLimit, hashes, pool }: AssemblerOptions, sink: MessageSink) {
    this.#sink = sink
    this.#headLimit = headLimit
    this.#commandLimit = commandLimit
    this.#hashes = hashes
    this.#pool = pool
  }

  /** Time of the first byte and place of the PDU in hand. */
  at(time: number, streamOffset: number): void {
    this.#time = time
    this.#streamOffset = streamOffset
  }

  fragmentStart(contextId: number, flags: number): void {
    this.#contextId = contextId
    this.#isCommand = (flags & 1) !== 0
    this.#isLast = (flags & 2) !== 0
    let assembly = this.#assemblies.get(contextId)
    if (assembly === undefined) {
      assembly = new Assembly()
      this.#assemblies.set(contextId, assembly)
    }
    if (this.#isCommand && assembly.commandUsed === 0) {
      assembly.streamOffset = this.#streamOffset
      assembly.time = this.#time
    }
    this.#current = assembly
  }

  fragmentData(data: Uint8Array, offset: number, length: number): void {
    const assembly = this.#current
    if (assembly === undefined) return
    if (this.#isCommand) {
      this.#keepCommand(assembly, data, offset, length)
      return
    }
    assembly.bytes += length
    if (assembly.damaged) return
    const kept = assembly.nextLook > 0 ? this.#keep(assembly, data, offset, length) : 0
    if (assembly.late !== undefined) this.#lookOn(assembly, assembly.late, data, offset, length)
    if (kept < length) assembly.hash?.update(data, offset + kept, offset + length)
    const { bulk } = assembly
    if (bulk?.length !== undefined && assembly.bytes > bulk.at + bulk.length)
      keepTrailing(assembly, bulk.at + bulk.length, data, offset + length)
  }

  fragmentEnd(end: number): void {
    const assembly = this.#current
    this.#current = undefined
    if (assembly === undefined || !this.#isLast) return
    if (this.#isCommand) this.#finishCommand(assembly, end)
    else this.#finishDataset(assembly, end)
  }

  /** Bytes within the fragment were lost. */
  damaged(): void {
    if (this.#current !== undefined) this.#current.damaged = true
  }

  /** The place in the stream was lost, or the association is over: what was begun is worth nothing. */
  reset(): void {
    for (const assembly of this.#assemblies.values()) {
      this.#pool.give(assembly.command)
      this.#pool.give(assembly.head)
    }
    this.#assemblies.clear()
    this.#current = undefined
  }

  #keepCommand(assembly: Assembly, data: Uint8Array, offset: number, length: number): void {
    if (assembly.damaged) return
    const needed = assembly.commandUsed + length
    if (needed > this.#commandLimit) {
      this.#sink.commandOverlong()
      assembly.damaged = true
      return
    }
    const larger = this.#pool.grow(assembly.command, assembly.commandUsed, needed)
    if (larger === undefined) {
      this.#sink.overfull()
      assembly.damaged = true
      return
    }
    assembly.command = larger
    assembly.command.set(data.subarray(offset, offset + length), assembly.commandUsed)
    assembly.commandUsed = needed
  }

  /** Keep what belongs to the head; gives how many bytes that were. */
  #keep(assembly: Assembly, data: Uint8Array, offset: number, length: number): number {
    let from = offset
    const end = offset + length
    while (from < end && assembly.nextLook > 0) {
      const take = Math.min(end - from, assembly.nextLook - assembly.headUsed)
      const larger = this.#pool.grow(assembly.head, assembly.headUsed, assembly.headUsed + take)
      if (larger === undefined) {
        this.#sink.overfull()
        assembly.nextLook = 0
        break
      }
      assembly.head = larger
      assembly.head.set(data.subarray(from, from + take), assembly.headUsed)
      assembly.headUsed += take
      from += take
      if (assembly.headUsed === assembly.nextLook) this.#look(assembly)
    }
    return from - offset
  }

  #lookOn(assembly: Assembly, late: LateBulk, data: Uint8Array, offset: number, length: number): void {
    late.feed(data, offset, offset + length, assembly.bytes - length)
    if (late.found === undefined) return
    assembly.bulk = late.found
    assembly.hash?.expect(late.found)
    assembly.late = undefined
  }

  /** Is the bulk data in sight, or the head as long as it may be? Then no more needs to be kept. */
  #look(assembly: Assembly): void {
    const encoding = this.#encoding(assembly)
    const isReadable = encoding !== undefined && !encoding.deflated
    if (isReadable) {
      const walk = walkDataset(assembly.head, assembly.headUsed, encoding, ENTER_NONE, () => {})
      if (walk.end === 'bulk') {
        const wanted = walk.at + Math.min(walk.length ?? BULK_HEAD, BULK_HEAD)
        if (assembly.headUsed < wanted) assembly.nextLook = wanted
        else this.#settle(assembly, walk)
        return
      }
      if (walk.end === 'malformed') {
        assembly.malformed = true
        this.#settle(assembly, undefined)
        return
      }
    }
    if (assembly.headUsed < this.#headLimit) {
      assembly.nextLook = Math.min(assembly.headUsed * 2, this.#headLimit)
      return
    }
    this.#settle(assembly, undefined)
    if (!isReadable) return
    assembly.late = new LateBulk(encoding)
    assembly.late.feed(assembly.head, 0, assembly.headUsed, 0)
  }

  /** The head is all that is kept of the data set. */
  #settle(assembly: Assembly, bulk: BulkData | undefined): void {
    assembly.nextLook = 0
    assembly.bulk = bulk
    const bulkEnd = bulk?.length === undefined ? Number.POSITIVE_INFINITY : bulk.at + bulk.length
    if (bulkEnd < assembly.headUsed)
      assembly.trailing = Buffer.from(assembly.head.subarray(bulkEnd, Math.min(assembly.headUsed, bulkEnd + MAX_TRAILING)))
    if (!this.#hashes || this.#encoding(assembly)?.deflated === true) return
    assembly.hash = new ContentHash()
    if (bulk !== undefined) assembly.hash.expect(bulk)
    assembly.hash.update(assembly.head, 0, assembly.headUsed)
  }

  #encoding(assembly: Assembly): Encoding | undefined {
    return this.#sink.encoding(this.#contextId) ?? guessEncoding(assembly.head, assembly.headUsed)
  }

  #finishCommand(assembly: Assembly, end: number): void {
    const command = assembly.damaged ? undefined : readCommand(assembly.command, assembly.commandUsed)
    if (command === undefined && !assembly.damaged) this.#sink.violation('bad_command_set')
    this.#pool.give(assembly.command)
    assembly.command = NO_BYTES
    assembly.commandUsed = 0
    this.#beginDataset(assembly)
    if (command !== undefined) this.#sink.command(command, this.#contextId, assembly.time, end, assembly.streamOffset)
  }

  #finishDataset(assembly: Assembly, end: number): void {
    if (assembly.nextLook > 0) this.#lookLast(assembly)
    const encoding = this.#encoding(assembly)
    const { bulk, bytes, trailing, damaged } = assembly
    const [data, length] = encoding?.deflated ? this.#inflated(assembly) : [assembly.head, assembly.headUsed]
    const pixelBytes = bulk !== undefined && isPixelData(bulk.tag) ? Math.min(bulk.length ?? bytes, bytes - bulk.at) : 0
    const isShort = bulk?.length !== undefined && bytes < bulk.at + bulk.length
    const malformed = (assembly.malformed || isShort) && !damaged && this.#sink.encoding(this.#contextId) !== undefined
    const hashes = damaged ? undefined : assembly.hash?.digest()
    this.#sink.dataset({ data, length, encoding, pixelBytes, trailing, damaged, malformed, hashes }, this.#contextId, end)
    this.#beginDataset(assembly)
  }

  /** The data set ended before its head was as long as it may be. */
  #lookLast(assembly: Assembly): void {
    const encoding = this.#encoding(assembly)
    if (encoding === undefined || encoding.deflated || assembly.headUsed === 0) {
      this.#settle(assembly, undefined)
      return
    }
    const walk = walkDataset(assembly.head, assembly.headUsed, encoding, ENTER_NONE, () => {})
    const isPadded = assembly.headUsed > walk.at && assembly.headUsed - walk.at < MIN_ELEMENT
    assembly.malformed = walk.end === 'malformed' || (walk.end === 'more' && !isPadded)
    this.#settle(assembly, walk.end === 'bulk' ? walk : undefined)
  }

  #inflated({ head, headUsed }: Assembly): readonly [Buffer, number] {
    const data = inflateHead(head, headUsed, this.#headLimit) ?? NO_BYTES
    return [data, data.length]
  }

  #beginDataset(assembly: Assembly): void {
    this.#pool.give(assembly.head)
    assembly.head = NO_BYTES
    assembly.headUsed = 0
    assembly.nextLook = FIRST_LOOK
    assembly.bytes = 0
    assembly.bulk = undefined
    assembly.late = undefined
    assembly.trailing = undefined
    assembly.hash = undefined
    assembly.damaged = false
    assembly.malformed = false
  }
}

/** Keep the beginning of what stands behind the bulk data, which ends at `bulkEnd`, of a piece of the data set that ends at `data[end]`. */
function keepTrailing(assembly: Assembly, bulkEnd: number, data: Uint8Array, end: number): void {
  const known = assembly.trailing?.length ?? 0
  const fresh = Math.min(assembly.bytes - bulkEnd - known, MAX_TRAILING - known)
  if (fresh <= 0) return
  const from = end - (assembly.bytes - bulkEnd - known)
  const piece = data.subarray(from, from + fresh)
  assembly.trailing = assembly.trailing === undefined ? Buffer.from(piece) : Buffer.concat([assembly.trailing, piece])
}
