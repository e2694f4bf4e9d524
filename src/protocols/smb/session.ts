import { type Direction, type FlowEnd, opposite } from '../../net/flow.ts'
import type { DecoderContext, StreamDecoder } from '../decoder.ts'
import type { IdentityFact } from '../observation.ts'
import { serverFacts, smbFacts } from './identity.ts'
import { isOfInterest, readSmb } from './message.ts'
import { SmbReader } from './reader.ts'

/** Facts told on one connection. */
const MAX_TOLD = 128

/** One SMB connection: what its negotiation and session setups say of both hosts, each fact once. File contents are skipped by length. */
export class SmbSession implements StreamDecoder {
  readonly #context: DecoderContext
  readonly #readers: readonly [SmbReader, SmbReader]
  readonly #told = new Set<string>()
  #time = 0

  constructor(context: DecoderContext) {
    this.#context = context
    this.#readers = [this.#reader(0), this.#reader(1)]
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    this.#time = time
    this.#readers[direction].feed(bytes, offset, length, time)
  }

  gap(direction: Direction, length: number, _time: number): void {
    this.#readers[direction].gap(length)
  }

  halfClosed(_direction: Direction, _time: number): void {}

  end(_end: FlowEnd, _time: number): void {}

  tick(_time: number): void {}

  #reader(direction: Direction): SmbReader {
    const sink = {
      wants: isOfInterest,
      message: (bytes: Uint8Array, streamOffset: number, start: number) => this.#message(direction, bytes, streamOffset, start),
    }
    return new SmbReader(sink, this.#context.flow.midstream)
  }

  #message(direction: Direction, bytes: Uint8Array, streamOffset: number, start: number): void {
    const statement = readSmb(bytes)
    if (statement === undefined) return
    this.#tell(direction, smbFacts(statement), streamOffset, start)
    this.#tell(opposite(direction), serverFacts(statement), streamOffset, start)
  }

  /** Say of the host on one side what was not said of it on this connection. */
  #tell(direction: Direction, said: readonly IdentityFact[], streamOffset: number, start: number): void {
    const facts = said.filter(fact => this.#isNews(direction, fact))
    if (facts.length === 0) return
    this.#context.emit({
      kind: 'device-identity',
      protocol: 'smb',
      flow: this.#context.flow,
      start,
      end: this.#time,
      streamOffset,
      partial: this.#context.flow.midstream ? ['midstream'] : [],
      about: direction === 0 ? 'client' : 'server',
      forwarded: false,
      facts,
    })
  }

  #isNews(direction: Direction, { attribute, value, field }: IdentityFact): boolean {
    const key = `${direction} ${attribute} ${value} ${field}`
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return false
    this.#told.add(key)
    return true
  }
}
