import { valuesIn } from '../../protocols/tls/certificate.ts'
import { manufacturerOf } from './manufacturers.ts'
import { type Recognition, type RecognitionRow, recognize } from './recognition.ts'

const RECOG = 'rapid7/recog, X.509 subjects'

/** Subjects (RFC 4514, the common name first) that devices have in the certificate that they come with. */
const SUBJECTS: readonly RecognitionRow[] = [
  {
    pattern: /^CN=idrac(?:-(?:(?<serial_number>[A-Z0-9]{7})|[\w-]*))?, OU=Remote Access Group, O=Dell Inc\./,
    says: { manufacturer: 'Dell', model: 'iDRAC' },
    source: RECOG,
  },
  { pattern: /^CN=[\w.-]{1,64}, OU=ISS, O=Hewlett-Packard Company\b/, says: { manufacturer: 'HP', model: 'iLO' }, source: RECOG },
  { pattern: /^CN=HP Jetdirect [0-9A-Z]{1,16}, .*\bO=Hewlett-Packard Co\b/, says: { manufacturer: 'HP' }, source: RECOG },
  { pattern: /^CN=IPMI, OU=Software, O=Super Micro Computer\b/, says: { manufacturer: 'Supermicro', model: 'IPMI' }, source: RECOG },
  { pattern: /^CN=IOS-Self-Signed-Certificate-\d/, says: { manufacturer: 'Cisco', os: 'Cisco IOS' }, source: RECOG },
  { pattern: /^CN=(?<serial_number>FG[A-Z0-9]{8,16}), OU=FortiGate, O=Fortinet\b/, says: { manufacturer: 'Fortinet' }, source: RECOG },
  { pattern: /\bO=Synology Inc\./, says: { manufacturer: 'Synology' }, source: RECOG },
  { pattern: /\bOU=VMware ESX Server Default Certificate\b/, says: { os: 'VMware ESXi' }, source: RECOG },
]

/** Attributes of a company, and numbers of companies and persons (CA/Browser Forum EV guidelines §9.2; ETSI EN 319 412-1 §5.1.4). */
const OF_COMPANY = ['businessCategory', 'jurisdictionC'] as const
const OFFICIAL_NUMBER = /^(?:PAS|IDC|PNO|TAX|TIN|NTR|VAT|LEI)[A-Z]{2}-/

/**
 * What the subject of a certificate says of the device that it was made for: a known product, or whose it is, where that is a maker; the
 * serial number of its subject is the device's then (IEEE 802.1AR §8.6).
 */
export function recognizedSubject(subject: string): Recognition | undefined {
  const product = recognize('certificate-subject', SUBJECTS, subject)
  if (product !== undefined) return product
  const maker = makerIn(subject)
  if (maker === undefined) return undefined
  const serial = OF_COMPANY.some(type => valuesIn(subject, type).length > 0) ? undefined : valuesIn(subject, 'serialNumber')[0]
  if (serial === undefined || OFFICIAL_NUMBER.test(serial)) return maker
  return { ...maker, said: { ...maker.said, serial_number: serial } }
}

/** Whose the issuer of a certificate is, where that is a maker: it made the device then. Of public authorities nothing is known here. */
export function recognizedIssuer(issuer: string): Recognition | undefined {
  return makerIn(issuer)
}

function makerIn(name: string): Recognition | undefined {
  for (const organization of [...valuesIn(name, 'O'), ...valuesIn(name, 'OU')]) {
    const maker = manufacturerOf(organization, 'organization')
    if (maker !== undefined) return { said: { manufacturer: maker.name }, row: maker.row }
  }
  return undefined
}
