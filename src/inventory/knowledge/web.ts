import { type Recognition, type RecognitionRow, recognize } from './recognition.ts'

const RECOG = 'rapid7/recog, page titles'
const ORTHANC = 'Orthanc OrthancServer, HttpServer.cpp and Explorer'
const CENSUS = 'public census of DICOM servers, page titles'

/**
 * Titles of the pages at which people come in. Each row fits a whole title, so that nothing else is in what it recognizes: the title of a
 * page may hold a name.
 */
const TITLES: readonly RecognitionRow[] = [
  { pattern: /^Orthanc Explorer(?: 2)?$/, says: { toolkit: 'Orthanc' }, source: ORTHANC },
  { pattern: /^UniWeb Server$/, says: { manufacturer: 'EBM Technologies', model: 'UniWeb' }, source: CENSUS },
  { pattern: /^Visage 7$/, says: { manufacturer: 'Visage Imaging', model: 'Visage 7' }, source: CENSUS },
  {
    pattern: /^(?<model>Digi One [A-Z]{1,4}|PortServer TS \d+(?: [A-Z]{1,3}){0,2}) Configuration and Management$/,
    says: { manufacturer: 'Digi International' },
    source: RECOG,
  },
  { pattern: /^NPort Web Console$/, says: { manufacturer: 'Moxa', model: 'NPort' }, source: RECOG },
  { pattern: /^Lantronix (?<model>SL[BC][ \d/]{0,12})$/, says: { manufacturer: 'Lantronix' }, source: RECOG },
  { pattern: /^(?<model>myUTN(?:-[a-zA-Z0-9]+)?) Control Center$/, says: { manufacturer: 'SEH Computertechnik' }, source: RECOG },
  { pattern: /^(?:HP|HPE) Integrated Lights-Out(?: \d)?$/, says: { manufacturer: 'HP', model: 'iLO' }, source: RECOG },
  { pattern: /^(?<model>iLO \d)$/, says: { manufacturer: 'HP' }, source: RECOG },
  { pattern: /^NETGEAR (?<model>[A-Z]{1,3}\d{3,4}[\w+-]{0,12})$/i, says: { manufacturer: 'Netgear' }, source: RECOG },
  { pattern: /^ProCurve Switch (?<model>[\w/-]{1,20}) \(J\w{4,6}\)$/, says: { manufacturer: 'HP' }, source: RECOG },
  { pattern: /^(?:[\w-]{1,63} - )?Synology DiskStation$/, says: { manufacturer: 'Synology', model: 'DiskStation' }, source: RECOG },
  { pattern: /^Apache2 Ubuntu Default Page: It works$/, says: { os: 'Ubuntu' }, source: RECOG },
  { pattern: /^(?:Apache2 Debian Default Page: It works|Welcome to nginx on Debian!)$/, says: { os: 'Debian' }, source: RECOG },
  { pattern: /^Apache HTTP Server Test Page powered by CentOS$/, says: { os: 'CentOS' }, source: RECOG },
  { pattern: /^Test Page for the Nginx HTTP Server on Fedora$/, says: { os: 'Fedora' }, source: RECOG },
  { pattern: /^Windows CE$/, says: { os: 'Windows CE' }, source: RECOG },
  { pattern: /^(?:IIS ?7|IIS Windows(?: Server)?|Microsoft Internet Information Services 8)$/, says: { os: 'Windows' }, source: RECOG },
]

const RECOG_REALMS = 'rapid7/recog, WWW-Authenticate'

/** Realms, likewise whole. */
const REALMS: readonly RecognitionRow[] = [
  { pattern: /^Orthanc Secure Area$/, says: { toolkit: 'Orthanc' }, source: ORTHANC },
  { pattern: /^level[ _]\d\d?(?:[ _]or[ _]view)?[ _]access$/, says: { manufacturer: 'Cisco', os: 'Cisco IOS' }, source: RECOG_REALMS },
  { pattern: /^APC Management Card$/, says: { manufacturer: 'APC' }, source: RECOG_REALMS },
  { pattern: /^iRMC(?:@IRMC[0-9A-F]{6})?$/i, says: { manufacturer: 'Fujitsu', model: 'iRMC' }, source: RECOG_REALMS },
]

/** What the title of a page says of the server that gives it. */
export function recognizedTitle(title: string): Recognition | undefined {
  return recognize('http-title', TITLES, title)
}

/** What the realm of a challenge says of the server that makes it. */
export function recognizedRealm(realm: string): Recognition | undefined {
  return recognize('http-realm', REALMS, realm)
}
