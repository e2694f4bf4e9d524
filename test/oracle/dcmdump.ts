import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { tsharkExport } from './tshark.ts'

// Data sets that tshark takes out of a capture, as dcmdump reads them.

export const DCMDUMP_IS_MISSING = spawnSync('dcmdump', ['--version']).error !== undefined

/** An element that dcmdump printed. */
export interface DumpedElement {
  /** `(0008,0070)` */
  readonly tag: string
  readonly keyword: string
  /** Without padding; undefined when empty, or no text. */
  readonly value: string | undefined
  readonly length: number | undefined
  /** Sequences that it stands in. */
  readonly depth: number
}

export interface DumpedObject {
  /** `C-FIND-RQ-DATA`, or for a stored object its SOP instance or class. */
  readonly name: string
  readonly transferSyntax: string
  readonly elements: readonly DumpedElement[]
}

/** Everything but commands, in the order of the capture. */
export function dumpedObjects(capture: string): readonly DumpedObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-oracle-'))
  try {
    tsharkExport(capture, folder)
    const files = readdirSync(folder)
      .sort()
      .filter(name => !/-(RQ|RSP|Command)\.dcm$/.test(name))
    return files.map(name => dump(join(folder, name)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ELEMENT = /^( *)\(([0-9a-f]{4}),([0-9a-f]{4})\) (..) (.*?) *# *(\d+|u\/l), *\d+ (\w+)$/

/** One DICOM file, or one data set without a file header. */
export function dump(file: string): DumpedObject {
  const { stdout, stderr, status } = spawnSync('dcmdump', ['-q', file], { encoding: 'latin1', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`dcmdump ${basename(file)}: ${stderr}`)
  const elements = stdout.split('\n').flatMap((line): DumpedElement[] => {
    const match = ELEMENT.exec(line)
    if (match === null || match[4] === 'na' || match[4] === 'pi') return []
    const [, indent, group, element, , value, length, keyword] = match
    return [
      {
        tag: `(${group},${element})`,
        keyword,
        value: printedText(value),
        length: length === 'u/l' ? undefined : Number(length),
        depth: indent.length >> 2,
      },
    ]
  })
  const transferSyntax = elements.find(({ tag }) => tag === '(0002,0010)')?.value ?? ''
  const name = /^\d+-\d+-(.*)\.dcm$/.exec(basename(file))?.[1] ?? ''
  return { name, transferSyntax, elements: elements.filter(({ tag }) => !tag.startsWith('(0002,')) }
}

/** `[text ]`, `=NameOfUid`, `(no value available)`, or a number. */
function printedText(printed: string): string | undefined {
  const text = /^\[(.*)\]$/.exec(printed)?.[1] ?? (printed.startsWith('=') ? printed.slice(1) : undefined)
  return text === undefined || text.trim() === '' ? undefined : text.trim()
}
