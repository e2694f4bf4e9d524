// Damage done to bytes, the same for the same seed.
import { setImmediate } from 'node:timers/promises'

/** Uniform in [0, 1). */
export type Random = () => number

/** mulberry32 */
export function generator(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit)
export const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)]

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256))
}

/** Values that length fields break at. */
const EXTREMES = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

const concatenated = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

const MUTATIONS: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const flipped = bytes.slice()
    for (let count = 1 + below(random, 8); count > 0; count--) flipped[below(random, bytes.length)] ^= 1 << below(random, 8)
    return flipped
  },
  function setExtreme(bytes, random) {
    const set = bytes.slice()
    const size = pick(random, [1, 2, 3, 4])
    const value = pick(random, EXTREMES)
    const at = below(random, bytes.length)
    const little = random() < 0.5
    for (let index = 0; index < size && at + index < set.length; index++)
      set[at + index] = Math.floor(value / 2 ** (8 * (little ? index : size - 1 - index))) & 0xff
    return set
  },
  function truncate(bytes, random) {
    return bytes.slice(0, below(random, bytes.length + 1))
  },
  function remove(bytes, random) {
    const from = below(random, bytes.length)
    return concatenated(bytes.subarray(0, from), bytes.subarray(from + below(random, 64)))
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length)
    const part = bytes.subarray(from, from + 1 + below(random, 200))
    return concatenated(bytes.subarray(0, from), part, part, bytes.subarray(from))
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length)
    return concatenated(bytes.subarray(0, at), randomBytes(random, 1 + below(random, 40)), bytes.subarray(at))
  },
  function splice(bytes, random, other) {
    return concatenated(bytes.subarray(0, below(random, bytes.length + 1)), other.subarray(below(random, other.length + 1)))
  },
]

/** Bytes damaged in one to four ways; `other` gives what is spliced in. */
export function mutated(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let out = bytes
  for (let count = 1 + below(random, 4); count > 0 && out.length > 0; count--) out = pick(random, MUTATIONS)(out, random, other)
  return out
}

/** Inputs after which the test runner gets a turn: it takes a worker that is silent for long for dead. */
const TURN = 500

/** Run `once` until the time is up; says how often it ran. */
export async function forSeconds(seconds: number, once: () => void | Promise<void>): Promise<number> {
  const end = performance.now() + seconds * 1000
  let runs = 0
  for (; performance.now() < end; runs++) {
    await once()
    if (runs % TURN === 0) await setImmediate()
  }
  return runs
}
