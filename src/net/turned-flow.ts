import type { Flow, Transport } from './flow.ts'

/**
 * A flow of which it turned out that the other end is the client: the same flow at any time, seen so. Only for flows whose client was guessed,
 * and before anything was told of them.
 */
export class TurnedFlow implements Flow {
  readonly clientGuessed = false
  /** Its beginning was missed. */
  readonly clientSyn = undefined
  forwardedFor: string | undefined
  readonly #flow: Flow

  constructor(flow: Flow) {
    this.#flow = flow
  }

  get number(): number {
    return this.#flow.number
  }

  get transport(): Transport {
    return this.#flow.transport
  }

  get protocolNumber(): number {
    return this.#flow.protocolNumber
  }

  get ipVersion(): 4 | 6 {
    return this.#flow.ipVersion
  }

  get clientAddress(): string {
    return this.#flow.serverAddress
  }

  get serverAddress(): string {
    return this.#flow.clientAddress
  }

  get clientPort(): number {
    return this.#flow.serverPort
  }

  get serverPort(): number {
    return this.#flow.clientPort
  }

  get clientMac(): string | undefined {
    return this.#flow.serverMac
  }

  get serverMac(): string | undefined {
    return this.#flow.clientMac
  }

  get vlanIds(): readonly number[] {
    return this.#flow.vlanIds
  }

  get interfaceIndex(): number {
    return this.#flow.interfaceIndex
  }

  get startTime(): number {
    return this.#flow.startTime
  }

  get lastTime(): number {
    return this.#flow.lastTime
  }

  get packetsFromClient(): number {
    return this.#flow.packetsFromServer
  }

  get packetsFromServer(): number {
    return this.#flow.packetsFromClient
  }

  get bytesFromClient(): number {
    return this.#flow.bytesFromServer
  }

  get bytesFromServer(): number {
    return this.#flow.bytesFromClient
  }

  get midstream(): boolean {
    return this.#flow.midstream
  }

  get gapBytesFromClient(): number {
    return this.#flow.gapBytesFromServer
  }

  get gapBytesFromServer(): number {
    return this.#flow.gapBytesFromClient
  }

  get overlapConflicts(): number {
    return this.#flow.overlapConflicts
  }

  get communityId(): string {
    return this.#flow.communityId
  }
}
