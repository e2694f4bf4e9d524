import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isMarkedAsProgram, isProgram, PROGRAM_HEAD } from '../../src/protocols/executable.ts'
import { portableExecutable } from './programs.ts'

const hex = (text: string): Buffer => Buffer.concat([Buffer.from(text.replaceAll(' ', ''), 'hex'), Buffer.alloc(64)])

describe('a program is told', () => {
  test.each([
    ['PE', portableExecutable()],
    ['PE with a far header', portableExecutable(0x400)],
    ['ELF of 64 bits', hex('7f454c46 02 01 01 00')],
    ['ELF big endian', hex('7f454c46 01 02 01 00')],
    ['Mach-O', hex('cffaedfe 0c000001')],
    ['Mach-O big endian', hex('feedface 00000012')],
    ['Mach-O universal', hex('cafebabe 00000002')],
    ['a Java class', hex('cafebabe 00000034')],
    ['a script', Buffer.from('#!/bin/sh\nexit\n')],
    ['the program that runs this', readFileSync(process.execPath).subarray(0, PROGRAM_HEAD)],
  ])('%s', (_, bytes) => {
    expect(isProgram(bytes, 0, bytes.length)).toBe(true)
    expect(isProgram(Buffer.concat([Buffer.alloc(3), bytes]), 3, bytes.length + 3)).toBe(true)
  })
})

describe('no program is', () => {
  test.each([
    ['two letters', Buffer.from('MZ'.padEnd(200, '\0'))],
    ['a DOS header whose place holds something else', portableExecutable(0x80, 'PF\0\0')],
    ['ELF of no known class', hex('7f454c46 07 01 01 00')],
    ['Mach-O of no known processor', hex('feedface 00000063')],
    ['pixels that begin like Java', hex('cafebabe 00000ffe')],
    ['a PDF', Buffer.from('%PDF-1.7\n%....\n1 0 obj')],
    ['too little to tell', Buffer.from('7f454c46', 'hex')],
    ['nothing', Buffer.alloc(0)],
  ])('%s', (_, bytes) => expect(isProgram(bytes, 0, bytes.length)).toBe(false))
})

describe('the mark of a program', () => {
  test.each(['4d5a', '2321', '7f454c46', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe'])('%s', mark => {
    const head = Buffer.concat([Buffer.from(mark, 'hex'), Buffer.alloc(128)])
    expect([isMarkedAsProgram(head, 0, head.length), isProgram(head, 0, head.length)]).toEqual([true, false])
    expect(isMarkedAsProgram(head, 0, mark.length / 2)).toBe(true)
    expect(isMarkedAsProgram(head, 0, mark.length / 2 - 1)).toBe(false)
  })

  test.each(['49492a00', '4d4d002a', '00000000', ''])('is not %j', mark => {
    const head = Buffer.from(mark, 'hex')
    expect(isMarkedAsProgram(head, 0, head.length)).toBe(false)
  })
})
