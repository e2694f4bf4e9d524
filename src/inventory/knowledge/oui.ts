import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** An organization that registered a block of MAC addresses with the IEEE. */
export interface OuiOwner {
  readonly organization: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

/** Second hexadecimal digit of an address with the locally-administered bit set: it has no registered owner. */
const LOCALLY_ADMINISTERED = /^.[2367abef]/i
const NEWLINE = 0x0a
const QUOTE = 0x22

/** Hexadecimal digits of the blocks that the IEEE assigns, small to large (MA-S, MA-M, MA-L): the small ones lie in large ones of its own. */
const BLOCK_DIGITS = [9, 7, 6] as const

/**
 * The registry as its package brings it: a JSON object of one entry a line, in the order of the length of its keys and then of the keys. It is
 * not parsed, which would take longer than a small replay.
 */
let registry: Buffer | undefined

/** Owner of the smallest registered block that `mac` (`AA-BB-CC-DD-EE-FF`) lies in. The registry is read from disk on first use. */
export function ouiOwner(mac: string): OuiOwner | undefined {
  if (LOCALLY_ADMINISTERED.test(mac)) return undefined
  registry ??= readFileSync(createRequire(import.meta.url).resolve('oui-data'))
  const digits = mac.replaceAll('-', '').toUpperCase()
  for (const length of BLOCK_DIGITS) {
    const block = digits.slice(0, length)
    const organization = entryOf(registry, block)?.split('\n', 1)[0]
    if (organization === undefined) continue
    const isAnonymous = organization === 'Private' || organization.startsWith('IEEE Registration')
    return isAnonymous ? undefined : { organization, row: `oui:${block} (IEEE)` }
  }
  return undefined
}

/** Value of the line ` "KEY": "VALUE",`, found by halving; the first line and the last are the braces. */
function entryOf(lines: Buffer, key: string): string | undefined {
  let low = lines.indexOf(NEWLINE) + 1
  let high = lines.lastIndexOf(NEWLINE) + 1
  while (low < high) {
    const at = lines.lastIndexOf(NEWLINE, ((low + high) >>> 1) - 1) + 1
    const end = lines.indexOf(NEWLINE, at)
    const found = lines.toString('latin1', at + 2, lines.indexOf(QUOTE, at + 2))
    if (found === key) return (JSON.parse(`{${lines.toString('utf8', at, end).replace(/,\s*$/, '')}}`) as Record<string, string>)[key]
    if (found.length < key.length || (found.length === key.length && found < key)) low = end + 1
    else high = at
  }
  return undefined
}
