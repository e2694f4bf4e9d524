/** A maker that registered a private enterprise number. */
export interface Enterprise {
  readonly name: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

const SOURCE = 'IANA private enterprise numbers'

/**
 * Makers of devices by number. Who makes the software of an agent (Microsoft 311, net-snmp 8072) makes no device by that, so they are left
 * out.
 */
const ENTERPRISES: ReadonlyMap<number, string> = new Map([
  [9, 'Cisco'],
  [11, 'HP'],
  [253, 'Xerox'],
  [297, 'Fujifilm'],
  [318, 'APC'],
  [367, 'Ricoh'],
  [573, 'Sectra'],
  [641, 'Lexmark'],
  [1602, 'Canon'],
  [1776, 'Philips'],
  [2001, 'Oki Data'],
  [3592, 'Dräger'],
  [3775, 'Agfa HealthCare'],
  [5264, 'Varian'],
  [6574, 'Synology'],
  [10_096, 'Baxter'],
  [12_514, 'Abbott'],
  [12_621, 'GE HealthCare'],
  [15_076, 'Fresenius'],
  [14_823, 'Aruba'],
  [17_694, 'Elekta'],
  [18_334, 'Konica Minolta'],
  [19_816, 'Philips'],
  [22_005, 'GE HealthCare'],
  [22_447, 'B. Braun'],
  [23_670, 'Nihon Kohden'],
  [23_883, 'Fresenius'],
  [23_957, 'Spacelabs Healthcare'],
  [28_708, 'Fujifilm'],
  [29_659, 'Carestream Health'],
  [36_208, 'Karl Storz'],
  [45_553, 'GE HealthCare'],
  [46_931, 'Baxter'],
  [49_982, 'Medtronic'],
  [50_976, 'Medtronic'],
  [54_260, 'Mindray'],
  [55_027, 'Capsule Technologies'],
  [55_589, 'Roche Diagnostics'],
  [60_072, 'Hologic'],
])

const PRIVATE_ENTERPRISES = '1.3.6.1.4.1.'

/** The maker with this number. */
export function enterpriseOfNumber(number: string): Enterprise | undefined {
  const name = ENTERPRISES.get(Number(number))
  return name === undefined ? undefined : { name, row: `enterprise-number:${number} (${SOURCE})` }
}

/** The maker under whose number an object identifier stands: `1.3.6.1.4.1.9.1.5`. */
export function enterpriseOfObjectId(oid: string): Enterprise | undefined {
  return oid.startsWith(PRIVATE_ENTERPRISES) ? enterpriseOfNumber(oid.slice(PRIVATE_ENTERPRISES.length).split('.')[0]) : undefined
}
