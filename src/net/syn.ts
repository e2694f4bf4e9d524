import type { Layers } from './layers.ts'

/** Different ones kept for sharing, of which a network has some dozens; beyond it sharing begins anew. */
const MAX_SHARED = 1024
/** Kinds of TCP options (RFC 9293 §3.2, RFC 7323 §2.2). */
const END = 0
const NO_OPERATION = 1
const WINDOW_SCALE = 3

/** How a host opens TCP connections: much the same on all hosts that run the same operating system. */
export interface SynTraits {
  /** Time to live (IPv4) or hop limit (IPv6) with which the SYN came by. */
  readonly ttl: number
  readonly window: number
  /** Shift count of the window scale option; undefined without one. */
  readonly windowScale: number | undefined
  /** Kinds of the options in their order, up to the end of the list: `2,4,8,1,3`. */
  readonly options: string
}

/** Reads what SYNs tell of their senders. Senders of a kind share what is kept of them. */
export class SynReader {
  readonly #shared = new Map<string, SynTraits>()

  /** Of the TCP segment in hand; undefined where its options are cut off or broken. Option: kind 1, and but for kinds 0 and 1 length 1, data. */
  read({ view, at, end, ttl }: Layers): SynTraits | undefined {
    const optionsEnd = at + (view.getUint8(at + 12) >>> 4) * 4
    if (optionsEnd > end) return undefined
    let options = ''
    let windowScale: number | undefined
    for (let option = at + 20; option < optionsEnd; ) {
      const kind = view.getUint8(option)
      options += options === '' ? kind : `,${kind}`
      if (kind === END) break
      if (kind === NO_OPERATION) {
        option++
        continue
      }
      const length = option + 1 < optionsEnd ? view.getUint8(option + 1) : 0
      if (length < 2 || option + length > optionsEnd) return undefined
      if (kind === WINDOW_SCALE && length === 3) windowScale = view.getUint8(option + 2)
      option += length
    }
    return this.#share(ttl, view.getUint16(at + 14), windowScale, options)
  }

  #share(ttl: number, window: number, windowScale: number | undefined, options: string): SynTraits {
    const key = `${ttl} ${window} ${windowScale} ${options}`
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    if (this.#shared.size >= MAX_SHARED) this.#shared.clear()
    const traits: SynTraits = { ttl, window, windowScale, options }
    this.#shared.set(key, traits)
    return traits
  }
}
