import { Cursor } from '../../bytes/cursor.ts'

/** Options that are looked at (RFC 2132; RFC 4702 FQDN; RFC 3925 vendor-identifying; RFC 8520 MUD URL). */
export const Option = {
  HOST_NAME: 12,
  OVERLOAD: 52,
  MESSAGE_TYPE: 53,
  SERVER_IDENTIFIER: 54,
  PARAMETER_REQUEST_LIST: 55,
  VENDOR_CLASS: 60,
  CLIENT_IDENTIFIER: 61,
  CLIENT_FQDN: 81,
  VENDOR_IDENTIFYING_CLASS: 124,
  VENDOR_IDENTIFYING_INFORMATION: 125,
  MUD_URL: 161,
} as const

const PAD = 0
const END = 255
/** Options of one message that are looked at. */
const MAX_OPTIONS = 256

/** Options by code; one that comes in several parts is put together (RFC 3396 §5). */
export class Options {
  readonly #parts = new Map<number, Cursor[]>()
  #count = 0

  /** Code 1, length 1, data; pads and the end are a code alone (RFC 2132 §2). False when a length does not fit. */
  read(block: Cursor): boolean {
    while (block.left > 0 && this.#count++ < MAX_OPTIONS) {
      const code = block.uint8()
      if (code === PAD) continue
      if (code === END) return true
      const data = block.take(block.uint8())
      if (block.short) return false
      const parts = this.#parts.get(code)
      if (parts === undefined) this.#parts.set(code, [data])
      else parts.push(data)
    }
    return true
  }

  has(code: number): boolean {
    return this.#parts.has(code)
  }

  /** The data of an option; empty where there is none. */
  get(code: number): Cursor {
    const parts = this.#parts.get(code) ?? []
    if (parts.length === 1) return new Cursor(parts[0].bytes, parts[0].at, parts[0].end)
    return new Cursor(Buffer.concat(parts.map(({ bytes, at, end }) => bytes.subarray(at, end))))
  }
}
