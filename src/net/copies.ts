import { Protocol } from './ip.ts'
import type { Layers } from './layers.ts'

/** Packets remembered; a power of two. */
const SLOTS = 4096
/** A copy of a packet follows it within this, µs. */
const COPY_TIME = 10_000
/** The same where only the content says that it is one, which a sender could mean to repeat, µs. */
const REPEAT_TIME = 1000
/** Words of the transport layer that are remembered: a TCP header without options, with its checksum. */
const HEAD_WORDS = 5
const HEAD = HEAD_WORDS * 4
/** What is remembered of a packet: addresses, identification, length with protocol and place of the fragment, and the head. */
const WORDS = 3 + HEAD_WORDS

/**
 * Recognizes packets that a mirror shows twice: because it mirrors both directions of a port, or a packet before and behind a VLAN tag or
 * a router, which changes hardware addresses and the time to live. Two packets are copies of each other when their addresses, IP
 * identification, length and transport header with its checksum are the same. Where there is neither identification nor checksum, they
 * cannot be told.
 */
export class CopyDetector {
  readonly #packets = new Int32Array(SLOTS * WORDS)
  readonly #times = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY)
  readonly #words = new Int32Array(WORDS)

  /** True when the packet in hand, whose transport header begins at `at`, was just seen. `scope` keeps what must not be mixed apart. */
  isCopy(layers: Layers, at: number, scope: number): boolean {
    const { fragmentId, time } = layers
    if (fragmentId === 0 && !hasChecksum(layers, at)) return false
    this.#read(layers, at, scope)
    const words = this.#words
    const packets = this.#packets
    const mixed = Math.imul(words[3] ^ words[4] ^ words[7] ^ fragmentId, 0x9e3779b1)
    const slot = (mixed ^ (mixed >>> 15)) & (SLOTS - 1)
    const place = slot * WORDS
    let isSame = true
    for (let word = 0; word < WORDS; word++) {
      const value = words[word]
      if (packets[place + word] === value) continue
      isSame = false
      packets[place + word] = value
    }
    const age = Math.abs(time - this.#times[slot])
    this.#times[slot] = time
    return isSame && age < patience(layers, at)
  }

  #read(layers: Layers, at: number, scope: number): void {
    const { view, source, target, end } = layers
    const words = this.#words
    words[0] = Math.imul(source[0], 31) + target[0] + scope
    if (layers.version === 6)
      for (let word = 1; word < 4; word++) words[0] = Math.imul(words[0], 31) + Math.imul(source[word], 17) + target[word]
    words[1] = layers.fragmentId
    words[2] = layers.ipLength ^ (layers.protocol << 16) ^ (layers.fragmentOffset << 13) ^ (layers.moreFragments ? 1 << 31 : 0)
    if (end - at >= HEAD) {
      for (let word = 0; word < HEAD_WORDS; word++) words[3 + word] = view.getInt32(at + word * 4)
      return
    }
    words.fill(0, 3)
    for (let place = at; place < end; place++) words[3 + ((place - at) >> 2)] ^= view.getUint8(place) << (((place - at) & 3) * 8)
  }
}

/** A TCP segment with payload cannot be meant twice in a short time, nor can two packets with one identification. */
function patience({ fragmentId, protocol, end }: Layers, at: number): number {
  return fragmentId !== 0 || (protocol === Protocol.TCP && end - at > HEAD) ? COPY_TIME : REPEAT_TIME
}

function hasChecksum({ view, protocol, end }: Layers, at: number): boolean {
  if (protocol === Protocol.UDP) return end - at >= 8 && view.getUint16(at + 6) !== 0
  return protocol === Protocol.TCP || protocol === Protocol.ICMP || protocol === Protocol.ICMPV6
}
