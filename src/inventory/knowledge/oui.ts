import { createRequire } from 'node:module'

/** An organization that registered a block of MAC addresses with the IEEE. */
export interface OuiOwner {
  readonly organization: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

/** Second hexadecimal digit of an address with the locally-administered bit set: it has no registered owner. */
const LOCALLY_ADMINISTERED = /^.[2367abef]/i

let registry: Readonly<Record<string, string>> | undefined

/** Owner of the 24-bit block of `mac` (`AA-BB-CC-DD-EE-FF`). The registry is read from disk on first use. */
export function ouiOwner(mac: string): OuiOwner | undefined {
  if (LOCALLY_ADMINISTERED.test(mac)) return undefined
  registry ??= createRequire(import.meta.url)('oui-data') as Readonly<Record<string, string>>
  const prefix = mac.slice(0, 8).replaceAll('-', '').toUpperCase()
  const entry = registry[prefix]
  if (entry === undefined) return undefined
  const organization = entry.split('\n', 1)[0]
  return organization === 'Private' || organization.startsWith('IEEE Registration')
    ? undefined
    : { organization, row: `oui:${prefix} (IEEE)` }
}
