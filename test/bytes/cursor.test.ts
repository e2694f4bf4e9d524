import { describe, expect, test } from 'vitest'
import { Cursor } from '../../src/bytes/cursor.ts'

const of = (...bytes: readonly number[]): Cursor => new Cursor(Uint8Array.of(...bytes))

describe('a cursor', () => {
  test('reads numbers in both orders, unsigned', () => {
    const cursor = of(1, 0xff, 0xfe, 0x80, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0x80, 2, 1)
    expect(cursor.uint8()).toBe(1)
    expect(cursor.uint16()).toBe(0xfffe)
    expect(cursor.uint32()).toBe(0x8000_0001)
    expect(cursor.uint32()).toBe(0xffff_ffff)
    expect(cursor.uint32le()).toBe(0x8000_0001)
    expect(cursor.uint16le()).toBe(0x0102)
    expect([cursor.left, cursor.short]).toEqual([0, false])
    expect(of(1, 2, 3).uint24()).toBe(0x01_02_03)
  })

  test('reads text of its range, up to its end by default', () => {
    const bytes = Buffer.from('..häß..')
    const cursor = new Cursor(bytes, 2, bytes.length - 2)
    expect(cursor.text()).toBe('häß')
    expect(new Cursor(Buffer.from('h\xe4', 'latin1')).text()).toBe('hä')
    expect(new Cursor(Buffer.from('AB', 'utf16le')).utf16le()).toBe('AB')
    expect(of(0x0a, 0xff).hex()).toBe('0aff')
    expect(of(0x41, 0xe4).latin1(1)).toBe('A')
  })

  test('cuts ranges that end where they should', () => {
    const cursor = of(1, 2, 3, 4)
    const part = cursor.take(2)
    expect([part.uint8(), part.uint8(), part.uint8()]).toEqual([1, 2, 0])
    expect([part.short, cursor.short, cursor.left]).toEqual([true, false, 2])
    cursor.skip(1)
    expect(cursor.uint8()).toBe(4)
  })

  test('past its end gives nothing, says so, and stays there', () => {
    for (const read of [
      (cursor: Cursor) => cursor.uint8(),
      (cursor: Cursor) => cursor.uint32le(),
      (cursor: Cursor) => cursor.take(1).left,
      (cursor: Cursor) => cursor.latin1(9).length,
    ]) {
      const cursor = new Cursor(Buffer.from('abc'), 1, 1)
      expect(read(cursor)).toBe(0)
      expect([cursor.short, cursor.left]).toEqual([true, 0])
    }
    const cursor = of(1, 2)
    cursor.skip(Number.MAX_SAFE_INTEGER)
    expect([cursor.short, cursor.left]).toEqual([true, 0])
  })
})
