import type { Flow } from '../net/flow.ts'
import type { HostIdentity, IdentityAttribute, IdentityProtocol } from '../protocols/observation.ts'
import type { Fact } from './evidence.ts'
import { factsOf, impliedFacts, mayBeKept } from './facts.ts'
import { HostMemory } from './host-memory.ts'
import { stackOf } from './knowledge/tcp-stacks.ts'
import type { UserKnowledge } from './knowledge/user.ts'
import type { DeviceRegistry } from './registry.ts'
import type { DeviceState } from './state.ts'

export type Side = 'client' | 'server'

/** Hears what becomes of devices. */
export interface HostListener {
  /** The device is not as it was. */
  changed(state: DeviceState, time: number): void
  /** Something is known of the device that is no news. */
  noted(state: DeviceState): void
  /** The device was seen again: its latest time is another. */
  seen(state: DeviceState, time: number): void
}

/** Finds, or makes, the device at an end of a flow, and takes down what is said of it. */
export class Hosts {
  readonly #registry: DeviceRegistry
  readonly #listener: HostListener
  readonly #knowledge: UserKnowledge | undefined
  readonly #memory = new HostMemory()
  /** Flows whose SYN was taken down. */
  readonly #opened = new WeakSet<Flow>()

  constructor(registry: DeviceRegistry, listener: HostListener, knowledge: UserKnowledge | undefined) {
    this.#registry = registry
    this.#listener = listener
    this.#knowledge = knowledge
  }

  /**
   * Take down what a protocol that is none of medicine said of a host. It adds to the device that the host is; a host that medical traffic has
   * not shown yet does not become one by it, but what was said is remembered until then. That something is said of a host does not mean that
   * it is there: name servers answer for others.
   */
  identify(identity: HostIdentity): void {
    const { protocol, subject, facts, time } = identity
    if (subject.mac !== undefined && subject.address !== undefined && facts.some(isLease))
      this.#registry.claim(subject.address, subject.mac, time)
    const state = this.#registry.find(subject)
    if (state === undefined) {
      const known = facts.filter(({ attribute, value, field }) => mayBeKept(attribute) || this.#says(attribute, value, protocol, field))
      if (known.length > 0) this.#memory.keep({ ...identity, facts: known })
      return
    }
    for (const { attribute, value, field } of facts) this.learn(state, attribute, value, protocol, field, time)
  }

  /** A statement from which something follows. */
  #says(attribute: IdentityAttribute, raw: string, protocol: IdentityProtocol, field: string): boolean {
    return impliedFacts(attribute, raw, protocol, field, this.#knowledge).length > 0
  }

  /** Take down what was said of a host, known by address or MAC, before it was this device. */
  recall(state: DeviceState, host: string): void {
    for (const { attribute, value, protocol, field, time } of this.#memory.take(host))
      this.learn(state, attribute, value, protocol, field, time)
  }

  /** Content of a medical protocol showed the device at one end of a flow. */
  shown(flow: Flow, side: Side, protocol: string, time: number): DeviceState | undefined {
    const state = this.at(flow, side, time)
    if (state !== undefined && state.learn('protocol', protocol, protocol, 'content', time) === 'new') {
      this.note(state, { attribute: 'protocol', raw: protocol, protocol, field: 'content', confidence: 'high' }, time)
      this.mention(state, { attribute: 'encryption', raw: `${protocol}: none`, protocol, field: 'content', confidence: 'high' }, time)
    }
    return state
  }

  /** The device at one end of a flow, made a candidate where it is new and local. */
  at(flow: Flow, side: Side, time: number): DeviceState | undefined {
    const address = addressOf(flow, side)
    const mac = ownMacOf(flow, side)
    const occupant = this.seen(address, time)
    if (occupant !== undefined && mac !== undefined) this.#registry.leave(occupant, mac, address, time)
    const known = this.#registry.at(address)
    if (known === undefined) return this.#discover(flow, side, time)
    if (known.macs.size === 0 && known.id !== undefined && mac !== undefined) this.#registry.offerMac(known, mac, address, time)
    return known
  }

  /** A packet came from the address: the device there, which is about. */
  seen(address: string, time: number): DeviceState | undefined {
    const state = this.#registry.at(address)
    if (state !== undefined && time > state.lastSeen) {
      state.lastSeen = time
      state.addresses.see(address, time)
      this.#listener.seen(state, time)
    }
    return state
  }

  /** Take down a statement and what follows of it. */
  learn(state: DeviceState, attribute: IdentityAttribute, raw: string, protocol: IdentityProtocol, field: string, time: number): void {
    const news = state.learn(attribute, raw, protocol, field, time)
    if (news === 'contrary') this.#listener.changed(state, time)
    const facts = (news === 'new' ? factsOf : impliedFacts)(attribute, raw, protocol, field, this.#knowledge)
    for (const fact of facts) this.note(state, fact, time)
  }

  /** What an observation says by itself, where no decoder stated it as a fact. */
  supplement(
    state: DeviceState | undefined,
    attribute: IdentityAttribute,
    raw: string | undefined,
    protocol: IdentityProtocol,
    field: string,
    time: number,
  ): void {
    if (state === undefined || raw === undefined || raw === '') return
    if (state.evidence.knows(attribute, raw)) state.learn(attribute, raw, protocol, field, time)
    else this.learn(state, attribute, raw, protocol, field, time)
  }

  note(state: DeviceState, fact: Fact, time: number): void {
    if (state.note(fact, time)) this.#listener.changed(state, time)
  }

  /** Take down what is no news: it is told with the next event about the device. */
  mention(state: DeviceState, fact: Fact, time: number): void {
    if (state.note(fact, time)) this.#listener.noted(state)
  }

  /** The outermost VLAN of a flow is that of its ends, where no router is between. */
  noteVlan(state: DeviceState, flow: Flow, side: Side, time: number): void {
    const [vlan] = flow.vlanIds
    const mac = ownMacOf(flow, side)
    if (vlan === undefined || mac === undefined || !this.#registry.identifies(mac, addressOf(flow, side))) return
    this.mention(state, { attribute: 'vlan', raw: String(vlan), protocol: 'ethernet', field: '802.1Q VID', confidence: 'high' }, time)
  }

  /**
   * Take down what the SYN of a flow tells of the system of its client. One that came over a router is another host's where the adapter is the
   * device's own: the device translates addresses. A load balancer's is its own.
   */
  noteStack(state: DeviceState, flow: Flow, time: number): void {
    const { clientSyn, clientAddress, forwardedFor } = flow
    const stack = clientSyn && stackOf(clientSyn)
    if (clientSyn === undefined || stack === undefined || forwardedFor !== undefined || this.#opened.has(flow)) return
    const mac = ownMacOf(flow, 'client')
    if (stack.hops > 0 && mac !== undefined && this.#registry.identifies(mac, clientAddress)) return
    this.#opened.add(flow)
    const { name: value, row: table } = stack
    this.mention(state, { attribute: 'os', raw: clientSyn.options, value, protocol: 'tcp', field: 'SYN', table, confidence: 'low' }, time)
  }

  /** A new candidate, with what was said of the host before. */
  #discover(flow: Flow, side: Side, time: number): DeviceState | undefined {
    const address = addressOf(flow, side)
    const mac = ownMacOf(flow, side)
    const state = this.#registry.create(address, mac, time)
    if (state === undefined) return undefined
    this.recall(state, address)
    if (mac !== undefined && this.#registry.identifies(mac, address)) this.recall(state, mac)
    this.noteVlan(state, flow, side, time)
    if (side === 'client') this.noteStack(state, flow, time)
    return state
  }
}

/** Who speaks at an end: behind a load balancer, whom that one names. */
export function addressOf(flow: Flow, side: Side): string {
  return side === 'client' ? (flow.forwardedFor ?? flow.clientAddress) : flow.serverAddress
}

/** Link-layer address of who speaks at an end; undefined where both ends have the same, which is neither's then, and behind a load balancer. */
export function ownMacOf(flow: Flow, side: Side): string | undefined {
  if (flow.clientMac === flow.serverMac || (side === 'client' && flow.forwardedFor !== undefined)) return undefined
  return side === 'client' ? flow.clientMac : flow.serverMac
}

/** A server's word that an address is the client's; the client itself may claim any. */
function isLease({ field }: HostIdentity['facts'][number]): boolean {
  return field === 'yiaddr'
}
