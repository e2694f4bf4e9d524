import type { Cursor } from '../../bytes/cursor.ts'
import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { hostName } from '../text.ts'

/** 16 bytes, each as two letters from A on (RFC 1001 §14.1). */
const ENCODED_LENGTH = 32
const NAME_LENGTH = 15
const LETTER_A = 0x41

/** A NetBIOS name: 15 characters and what it stands for. */
export interface NetbiosName {
  readonly name: string
  readonly suffix: number
}

/** Last byte of a name ([MS-NBTE] §2.2.1, Microsoft KB 163409). Names with other suffixes may be those of people (03) and are left alone. */
const Suffix = { WORKSTATION: 0x00, SERVER: 0x20, DOMAIN_MASTER: 0x1b, DOMAIN_CONTROLLERS: 0x1c, ELECTION: 0x1e } as const

/** First level encoding; undefined for anything else. */
export function decodeName(encoded: string): NetbiosName | undefined {
  const label = encoded.split('.', 1)[0]
  if (label.length !== ENCODED_LENGTH) return undefined
  const bytes: number[] = []
  for (let at = 0; at < ENCODED_LENGTH; at += 2) {
    const [high, low] = [label.charCodeAt(at) - LETTER_A, label.charCodeAt(at + 1) - LETTER_A]
    if (high < 0 || high > 15 || low < 0 || low > 15) return undefined
    bytes.push((high << 4) | low)
  }
  return nameOf(bytes)
}

/** As it stands in a node status response: 15 characters padded with blanks, suffix. */
export function readPlainName(cursor: Cursor): NetbiosName | undefined {
  const text = cursor.latin1(NAME_LENGTH)
  return nameOf([...text].map(character => character.charCodeAt(0)).concat(cursor.uint8()))
}

function nameOf(bytes: readonly number[]): NetbiosName | undefined {
  const name = hostName(String.fromCharCode(...bytes.slice(0, NAME_LENGTH)))
  return name === undefined ? undefined : { name, suffix: bytes[NAME_LENGTH] }
}

/** What it says of a host that it has this name, alone or in a group. */
export function nameFacts({ name, suffix }: NetbiosName, isGroup: boolean, field: string): readonly IdentityFact[] {
  const list = new FactList()
  if (!isGroup && (suffix === Suffix.WORKSTATION || suffix === Suffix.SERVER)) list.add('hostname', name, field)
  if (!isGroup && suffix === Suffix.SERVER) list.add('service', 'smb', field)
  if (isGroup && (suffix === Suffix.WORKSTATION || suffix === Suffix.ELECTION)) list.add('domain', name, field)
  if (isGroup && suffix === Suffix.DOMAIN_CONTROLLERS) list.add('domain', name, field)
  if (suffix === Suffix.DOMAIN_CONTROLLERS) list.add('service', 'domain_controller', field)
  if (!isGroup && suffix === Suffix.DOMAIN_MASTER) list.add('domain', name, field)
  return list.facts
}
