import { Protocol } from './ip.ts'
import type { Layers } from './layers.ts'

/** Packets remembered; a power of two. */
const SLOTS = 4096
/** A copy of a packet follows it within this, µs. */
const COPY_TIME = 10_000
/** The same where only the content says that it is one, which a sender could mean to repeat, µs. */
const REPEAT_TIME = 1000
/** Bytes of the transport layer that go into a fingerprint: a TCP header without options, with its checksum. */
const HEAD = 20

/**
 * Recognizes packets that a mirror shows twice: because it mirrors both directions of a port, or a packet before and behind a VLAN tag or
 * a router, which changes hardware addresses and the time to live. Two packets are copies of each other when their addresses, IP
 * identification, length and transport header with its checksum are the same. Where there is neither identification nor checksum, they
 * cannot be told.
 */
export class CopyDetector {
  readonly #prints = new Int32Array(SLOTS * 2)
  readonly #times = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY)

  /** True when the packet in hand, whose transport header begins at `at`, was just seen. `scope` keeps what must not be mixed apart. */
  isCopy(layers: Layers, at: number, scope: number): boolean {
    const { fragmentId, time } = layers
    if (fragmentId === 0 && !hasChecksum(layers, at)) return false
    const one = fingerprint(layers, at, scope, 0x9e3779b1)
    const two = fingerprint(layers, at, scope, 0x85ebca6b)
    const slot = (one ^ (one >>> 16)) & (SLOTS - 1)
    const prints = this.#prints
    const age = Math.abs(time - this.#times[slot])
    const isSame = prints[slot * 2] === one && prints[slot * 2 + 1] === two && age < patience(layers, at)
    prints[slot * 2] = one
    prints[slot * 2 + 1] = two
    this.#times[slot] = time
    return isSame
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

function fingerprint(layers: Layers, at: number, scope: number, factor: number): number {
  const { view, source, target, version } = layers
  let print = mixed(scope, layers.ipLength, factor)
  print = mixed(print, (layers.fragmentId << 8) ^ layers.protocol, factor)
  print = mixed(print, layers.fragmentOffset | (layers.moreFragments ? 1 : 0), factor)
  for (let word = 0; word < (version === 4 ? 1 : 4); word++) print = mixed(mixed(print, source[word], factor), target[word], factor)
  const end = Math.min(layers.end, at + HEAD)
  let place = at
  for (; place + 4 <= end; place += 4) print = mixed(print, view.getInt32(place), factor)
  for (; place < end; place++) print = mixed(print, view.getUint8(place), factor)
  return print
}

function mixed(print: number, word: number, factor: number): number {
  const next = Math.imul(print ^ word, factor)
  return next ^ (next >>> 15)
}
