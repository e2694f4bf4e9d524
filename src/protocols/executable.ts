/** Bytes from the beginning of a file that suffice to tell a program. */
export const PROGRAM_HEAD = 1024

const SLASH = 0x2f
const DOS_HEADER = 64
/** Place of the offset of the PE header in the DOS header, and the largest one that linkers write. */
const PE_OFFSET_AT = 0x3c
const MAX_PE_OFFSET = 0x1000
/** CPU types of Mach-O: x86, ARM and PowerPC, with 32 and 64 bits. */
const MACH_CPUS: ReadonlySet<number> = new Set([7, 12, 18, 0x0100_0007, 0x0100_000c, 0x0100_0012])
const MAX_FAT_ARCHITECTURES = 16
/** Major versions of Java class files. */
const JAVA_VERSIONS = { oldest: 45, newest: 80 } as const

type Format = 'portable_executable' | 'elf' | 'mach_o' | 'mach_o_swapped' | 'universal_or_java' | 'script'

/**
 * Do the bytes `data[from .. to)` begin with the mark of a program? Enough where a program has no business, such as the preamble of a DICOM
 * file; among values of any kind two letters come by chance: see `isProgram`.
 */
export function isMarkedAsProgram(data: Buffer, from: number, to: number): boolean {
  return formatOf(data, from, to) !== undefined
}

/**
 * Do the bytes `data[from .. to)` begin a program? Each header is read far enough that pixels and random bytes do not pass for one: PE behind
 * a DOS header, ELF, Mach-O of one or several architectures, Java classes, and scripts that name their interpreter.
 */
export function isProgram(data: Buffer, from: number, to: number): boolean {
  if (to - from < 8) return false
  switch (formatOf(data, from, to)) {
    case 'elf':
      return isElf(data, from)
    case 'mach_o':
      return MACH_CPUS.has(data.readUInt32BE(from + 4))
    case 'mach_o_swapped':
      return MACH_CPUS.has(data.readUInt32LE(from + 4))
    case 'universal_or_java':
      return isUniversalOrJava(data.readUInt32BE(from + 4))
    case 'portable_executable':
      return isPortableExecutable(data, from, to)
    case 'script':
      return data[from + 2] === SLASH
    case undefined:
      return false
  }
}

/** Marks of two or four bytes: `MZ`, `#!`, ELF, Mach-O in both byte orders, universal binaries and Java classes. */
function formatOf(data: Buffer, from: number, to: number): Format | undefined {
  if (to - from < 2) return undefined
  const mark = data.readUInt16BE(from)
  if (mark === 0x4d5a) return 'portable_executable'
  if (mark === 0x2321) return 'script'
  if (to - from < 4) return undefined
  switch (data.readUInt32BE(from)) {
    case 0x7f454c46:
      return 'elf'
    case 0xfeedface:
    case 0xfeedfacf:
      return 'mach_o'
    case 0xcefaedfe:
    case 0xcffaedfe:
      return 'mach_o_swapped'
    case 0xcafebabe:
      return 'universal_or_java'
    default:
      return undefined
  }
}

/** ELF identification: magic 4, class 1 or 2, byte order 1 or 2, version 1. */
function isElf(data: Buffer, from: number): boolean {
  const [bits, order, version] = [data[from + 4], data[from + 5], data[from + 6]]
  return (bits === 1 || bits === 2) && (order === 1 || order === 2) && version === 1
}

/** Mach-O universal: number of architectures 4; Java: minor version 2, major version 2. */
function isUniversalOrJava(word: number): boolean {
  if (word > 0 && word <= MAX_FAT_ARCHITECTURES) return true
  const major = word & 0xffff
  return major >= JAVA_VERSIONS.oldest && major <= JAVA_VERSIONS.newest
}

/** DOS header, which says where the header `PE\0\0` stands; that may lie behind what is at hand. */
function isPortableExecutable(data: Buffer, from: number, to: number): boolean {
  if (to - from < DOS_HEADER) return false
  const offset = data.readUInt32LE(from + PE_OFFSET_AT)
  if (offset < DOS_HEADER || offset > MAX_PE_OFFSET || offset % 4 !== 0) return false
  if (from + offset + 4 <= to) return data.readUInt32BE(from + offset) === 0x50450000
  return data.subarray(from, to).includes('This program')
}
