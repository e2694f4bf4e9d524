/** What the description of a system says of the product that it is. */
export interface Product {
  readonly manufacturer: string
  readonly model: string | undefined
  readonly firmwareVersion: string | undefined
  readonly serialNumber: string | undefined
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

interface Row {
  /** Its groups `model`, `version` and `serial` are what they are called. */
  readonly pattern: RegExp
  readonly manufacturer: string
  readonly source: string
}

/**
 * Descriptions (sysDescr, LLDP system description, CDP version) in which products name themselves: what connects devices, and what gives
 * those without a network of their own one.
 */
const ROWS: readonly Row[] = [
  {
    pattern: /^(?<model>SMC[\w-]+) - \k<model> v(?<version>\d[\w.]*)$/,
    manufacturer: 'SMC Networks',
    source: 'measured: LLDP of an SMC switch',
  },
  {
    pattern: /^Cisco (?:IOS|Internetwork Operating System|NX-OS|Adaptive Security)\b/,
    manufacturer: 'Cisco',
    source: 'Cisco, show version',
  },
  {
    pattern: /^Digi (?<model>Connect\S* [\w-]+(?: [\w-]+)*?),? Version (?<version>\d\w*)/,
    manufacturer: 'Digi International',
    source: 'Digi Connect, sysDescr',
  },
  {
    pattern: /^APC Web\/SNMP Management Card \(.*\bPF:v(?<version>[\d.]+).*?\bMN:(?<model>\w+)(?:.*?\bSN: ?(?<serial>\w+))?/,
    manufacturer: 'APC',
    source: 'APC network management cards, sysDescr',
  },
]

/** The product that a description names. */
export function productOf(description: string): Product | undefined {
  for (const { pattern, manufacturer, source } of ROWS) {
    const match = pattern.exec(description)
    if (match === null) continue
    const { model, version: firmwareVersion, serial: serialNumber } = match.groups ?? {}
    return { manufacturer, model, firmwareVersion, serialNumber, row: `product:${pattern.source} (${source})` }
  }
  return undefined
}
