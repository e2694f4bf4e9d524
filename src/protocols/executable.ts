/** Bytes from the beginning of a file that suffice to tell a program. */
export const PROGRAM_HEAD = 1024

const DOS_HEADER = 64
/** Place of the offset of the PE header in the DOS header, and the largest one that linkers write. */
const PE_OFFSET_AT = 0x3c
const MAX_PE_OFFSET = 0x1000
/** CPU types of Mach-O: x86, ARM and PowerPC, with 32 and 64 bits. */
const MACH_CPUS: ReadonlySet<number> = new Set([7, 12, 18, 0x0100_0007, 0x0100_000c, 0x0100_0012])
const MAX_FAT_ARCHITECTURES = 16
/** Major versions of Java class files. */
const JAVA_VERSIONS = { oldest: 45, newest: 80 } as const

/**
 * Do the bytes `data[from .. to)` begin a program? Each header is read far enough that pixels and random bytes do not pass for one: PE behind
 * a DOS header, ELF, Mach-O of one or several architectures, Java classes, and scripts that name their interpreter.
 */
export function isProgram(data: Buffer, from: number, to: number): boolean {
  if (to - from < 8) return false
  switch (data.readUInt32BE(from)) {
    case 0x7f454c46:
      return isElf(data, from)
    case 0xfeedface:
    case 0xfeedfacf:
      return MACH_CPUS.has(data.readUInt32BE(from + 4))
    case 0xcefaedfe:
    case 0xcffaedfe:
      return MACH_CPUS.has(data.readUInt32LE(from + 4))
    case 0xcafebabe:
      return isUniversalOrJava(data.readUInt32BE(from + 4))
    default:
      return isPortableExecutable(data, from, to) || data.toString('latin1', from, from + 3) === '#!/'
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

/** DOS header `MZ`, which says where the header `PE\0\0` stands; that may lie behind what is at hand. */
function isPortableExecutable(data: Buffer, from: number, to: number): boolean {
  if (to - from < DOS_HEADER || data[from] !== 0x4d || data[from + 1] !== 0x5a) return false
  const offset = data.readUInt32LE(from + PE_OFFSET_AT)
  if (offset < DOS_HEADER || offset > MAX_PE_OFFSET || offset % 4 !== 0) return false
  if (from + offset + 4 <= to) return data.readUInt32BE(from + offset) === 0x50450000
  return data.subarray(from, to).includes('This program')
}
