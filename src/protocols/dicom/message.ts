import { type Command, readCommand } from './command.ts'
import { type Encoding, guessEncoding, inflateHead, walkDataset } from './dataset.ts'

/** Longest command set that is kept; real ones have some hundred bytes. */
const MAX_COMMAND = 65_536
/** First size at which the head of a data set is looked through for its pixel data; doubled while it is not found. */
const FIRST_LOOK = 8192

/** A data set as far as it was kept. */
export interface DatasetHead {
  readonly data: Buffer
  readonly length: number
  readonly encoding: Encoding | undefined
  /** Bytes of the pixel data's value, as far as they were sent. */
  readonly pixelBytes: number
  readonly damaged: boolean
}

/** What an assembler reports. */
export interface MessageSink {
  /** `start` and `end`: times of the first and last byte; `streamOffset`: where the PDU that it began in begins. */
  command(command: Command, contextId: number, start: number, end: number, streamOffset: number): void
  dataset(head: DatasetHead, contextId: number, end: number): void
  encoding(contextId: number): Encoding | undefined
  violation(code: string): void
}

/** One presentation context in one direction: the message whose fragments are coming in. */
class Assembly {
  command: Buffer = Buffer.alloc(0)
  commandUsed = 0
  head: Buffer = Buffer.alloc(0)
  headUsed = 0
  /** Size at which the head is looked at next; 0 once it needs no more. */
  nextLook = FIRST_LOOK
  bytes = 0
  pixelStart = -1
  damaged = false
  streamOffset = 0
  time = 0

  beginDataset(): void {
    this.headUsed = 0
    this.nextLook = FIRST_LOOK
    this.bytes = 0
    this.pixelStart = -1
    this.damaged = false
  }
}

/**
 * Puts fragments together to commands and heads of data sets (PS3.8 annex E). Commands are short and kept whole; of a data set only the
 * head is kept, up to its pixel data; the rest is counted as it passes.
 */
export class MessageAssembler {
  readonly #sink: MessageSink
  readonly #headLimit: number
  readonly #assemblies = new Map<number, Assembly>()
  #current: Assembly | undefined
  #contextId = 0
  #isCommand = false
  #isLast = false
  #time = 0
  #streamOffset = 0

  constructor(headLimit: number, sink: MessageSink) {
    this.#headLimit = headLimit
    this.#sink = sink
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
      if (assembly.commandUsed + length > MAX_COMMAND) {
        this.#sink.violation('command_too_long')
        assembly.damaged = true
        return
      }
      assembly.command = grown(assembly.command, assembly.commandUsed, assembly.commandUsed + length)
      assembly.command.set(data.subarray(offset, offset + length), assembly.commandUsed)
      assembly.commandUsed += length
      return
    }
    assembly.bytes += length
    if (assembly.nextLook > 0 && !assembly.damaged) this.#keep(assembly, data, offset, length)
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

  /** The place in the stream was lost: what was begun is worth nothing. */
  reset(): void {
    this.#assemblies.clear()
    this.#current = undefined
  }

  #keep(assembly: Assembly, data: Uint8Array, offset: number, length: number): void {
    let from = offset
    const end = offset + length
    while (from < end && assembly.nextLook > 0) {
      const take = Math.min(end - from, assembly.nextLook - assembly.headUsed)
      assembly.head = grown(assembly.head, assembly.headUsed, assembly.headUsed + take)
      assembly.head.set(data.subarray(from, from + take), assembly.headUsed)
      assembly.headUsed += take
      from += take
      if (assembly.headUsed === assembly.nextLook) this.#look(assembly)
    }
  }

  /** Is the pixel data in sight, or the head as long as it may be? Then no more needs to be kept. */
  #look(assembly: Assembly): void {
    const encoding = this.#encoding(assembly)
    if (encoding !== undefined && !encoding.deflated) {
      const walk = walkDataset(assembly.head, assembly.headUsed, encoding, false, () => {})
      if (walk.end === 'pixels') assembly.pixelStart = walk.at
      if (walk.end === 'pixels' || walk.end === 'malformed') {
        assembly.nextLook = 0
        return
      }
    }
    assembly.nextLook = assembly.headUsed >= this.#headLimit ? 0 : Math.min(assembly.headUsed * 2, this.#headLimit)
  }

  #encoding(assembly: Assembly): Encoding | undefined {
    return this.#sink.encoding(this.#contextId) ?? guessEncoding(assembly.head, assembly.headUsed)
  }

  #finishCommand(assembly: Assembly, end: number): void {
    const command = assembly.damaged ? undefined : readCommand(assembly.command, assembly.commandUsed)
    if (command === undefined && !assembly.damaged) this.#sink.violation('bad_command_set')
    assembly.commandUsed = 0
    assembly.beginDataset()
    if (command !== undefined) this.#sink.command(command, this.#contextId, assembly.time, end, assembly.streamOffset)
  }

  #finishDataset(assembly: Assembly, end: number): void {
    const encoding = this.#encoding(assembly)
    let data = assembly.head
    let length = assembly.headUsed
    if (encoding?.deflated) {
      data = inflateHead(assembly.head, assembly.headUsed, this.#headLimit) ?? Buffer.alloc(0)
      length = data.length
    } else if (encoding !== undefined && assembly.pixelStart < 0 && length > 0) {
      const walk = walkDataset(data, length, encoding, false, () => {})
      if (walk.end === 'pixels') assembly.pixelStart = walk.at
    }
    const pixelBytes = assembly.pixelStart < 0 ? 0 : assembly.bytes - assembly.pixelStart
    this.#sink.dataset({ data, length, encoding, pixelBytes, damaged: assembly.damaged }, this.#contextId, end)
    assembly.beginDataset()
  }
}

/** A buffer with room for `needed` bytes that begins with the `used` bytes of `buffer`. */
function grown(buffer: Buffer, used: number, needed: number): Buffer {
  if (needed <= buffer.length) return buffer
  const larger = Buffer.allocUnsafe(Math.max(1024, needed, buffer.length * 2))
  buffer.copy(larger, 0, 0, used)
  return larger
}
