import { type Recognition, type RecognitionRow, recognize } from './recognition.ts'

/**
 * Descriptions (sysDescr, LLDP system description, CDP version) in which products name themselves: what connects devices, and what gives
 * those without a network of their own one.
 */
const ROWS: readonly RecognitionRow[] = [
  {
    pattern: /^(?<model>SMC[\w-]+) - \k<model> v(?<firmware_version>\d[\w.]*)$/,
    says: { manufacturer: 'SMC Networks' },
    source: 'measured: LLDP of an SMC switch',
  },
  {
    pattern: /^Cisco (?:IOS|Internetwork Operating System|NX-OS|Adaptive Security)\b/,
    says: { manufacturer: 'Cisco' },
    source: 'Cisco, show version',
  },
  {
    pattern: /^Digi (?<model>Connect\S* [\w-]+(?: [\w-]+)*?),? Version (?<firmware_version>\d\w*)/,
    says: { manufacturer: 'Digi International' },
    source: 'Digi Connect, sysDescr',
  },
  {
    pattern:
      /^APC Web\/SNMP Management Card \(.*\bPF:v(?<firmware_version>[\d.]+).*?\bMN:(?<model>\w+)(?:.*?\bSN: ?(?<serial_number>\w+))?/,
    says: { manufacturer: 'APC' },
    source: 'APC network management cards, sysDescr',
  },
]

/** The product that a description names. */
export function productOf(description: string): Recognition | undefined {
  return recognize('product', ROWS, description)
}
