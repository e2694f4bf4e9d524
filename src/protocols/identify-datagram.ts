import type { Direction, Flow } from '../net/flow.ts'
import type { Datagram, DatagramProtocol, EmitHost, LinkFrame, LinkProtocol } from './datagram.ts'
import type { IdentityProtocol } from './observation.ts'

/** Datagrams of a flow on unknown ports that are looked at. */
const PROBED_DATAGRAMS = 4

export interface DatagramIdentifierOptions {
  readonly emit: EmitHost
  /** A decoder threw, which none should. */
  readonly onFailure: (protocol: string, error: unknown) => void
}

/** Hands UDP payloads and link-layer messages to whom they belong. All others cost two look-ups by port. */
export class DatagramIdentifier {
  readonly #byPort: ReadonlyMap<number, DatagramProtocol>
  readonly #onAnyPort: readonly DatagramProtocol[]
  readonly #byName: ReadonlyMap<string, LinkProtocol>
  readonly #options: DatagramIdentifierOptions
  /** What was read on which flow. */
  readonly #contents = new Map<number, DatagramProtocol>()

  constructor(datagrams: readonly DatagramProtocol[], links: readonly LinkProtocol[], options: DatagramIdentifierOptions) {
    this.#byPort = new Map(datagrams.flatMap(protocol => protocol.ports.map(port => [port, protocol] as const)))
    this.#onAnyPort = datagrams.filter(protocol => protocol.onAnyPort)
    this.#byName = new Map(links.map(protocol => [protocol.name, protocol]))
    this.#options = options
  }

  datagram(flow: Flow, direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const protocol = this.#byPort.get(flow.serverPort) ?? this.#byPort.get(flow.clientPort) ?? this.#contents.get(flow.number)
    if (protocol === undefined && flow.packetsFromClient + flow.packetsFromServer > PROBED_DATAGRAMS) return
    const datagram = { flow, direction, bytes, offset, length, time }
    const candidates = protocol === undefined ? this.#onAnyPort : [protocol]
    const reader = candidates.find(candidate => this.#reads(candidate, datagram))
    if (reader !== undefined) this.#contents.set(flow.number, reader)
  }

  /** A link-layer message, by the name of its protocol. */
  link(protocol: LinkProtocol['name'], frame: LinkFrame): void {
    try {
      this.#byName.get(protocol)?.read(frame, this.#options.emit)
    } catch (error) {
      this.#options.onFailure(protocol, error)
    }
  }

  /** What the datagrams of a flow were, once one was read. */
  application(flow: Flow): IdentityProtocol | undefined {
    return this.#contents.get(flow.number)?.name
  }

  ended(flow: Flow): void {
    this.#contents.delete(flow.number)
  }

  #reads(protocol: DatagramProtocol, datagram: Datagram): boolean {
    try {
      return protocol.read(datagram, this.#options.emit)
    } catch (error) {
      this.#options.onFailure(protocol.name, error)
      return false
    }
  }
}
