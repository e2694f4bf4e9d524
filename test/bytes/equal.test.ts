import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/bytes/equal.ts'

const view = (bytes: readonly number[]): DataView => new DataView(Uint8Array.from(bytes).buffer)
const counted = (length: number): number[] => Array.from({ length }, (_, index) => (index * 37 + 200) & 255)

describe('bytes of two views', () => {
  it('are the same at any place and of any length', () => {
    for (let length = 0; length <= 20; length++)
      for (let at = 0; at < 4; at++) {
        const [left, right] = [view([...counted(at), ...counted(length)]), view([9, ...counted(length), 9])]
        expect(equalBytes(left, at, right, 1, length)).toBe(true)
      }
  })

  it('are not the same when one of them differs', () => {
    for (let length = 1; length <= 20; length++)
      for (let place = 0; place < length; place++) {
        const other = counted(length)
        other[place] ^= 0x80
        expect(equalBytes(view(counted(length)), 0, view(other), 0, length)).toBe(false)
      }
  })
})
