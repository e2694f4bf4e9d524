/** What the DICOM implementation identifiers of a node (PS3.7 D.3.3.2: items 0x52 and 0x55) say about its software. */
export interface Implementation {
  readonly kind: 'toolkit' | 'vendor'
  readonly name: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

interface Row {
  readonly kind: 'toolkit' | 'vendor'
  readonly name: string
  /** Where the row was learned. */
  readonly source: string
}
interface UidRow extends Row {
  /** The class UID itself or a whole-component prefix of it. */
  readonly uid: string
}
interface VersionRow extends Row {
  readonly pattern: RegExp
}

/**
 * Class UIDs. Longer prefixes win. Orthanc has no row: the published claims contradict each other (…8.641 is ruby-dicom's own, and
 * Orthanc is built on DCMTK, whose identifiers it sends by default).
 */
const UIDS: readonly UidRow[] = [
  { uid: '1.2.276.0.7230010.3.0.3', kind: 'toolkit', name: 'DCMTK', source: 'DCMTK dcmdata/dcuid.h' },
  { uid: '1.2.40.0.13.1.1', kind: 'toolkit', name: 'dcm4che', source: 'dcm4che net/Connection defaults, Implementation.java' },
  { uid: '1.2.40.0.13.1.3', kind: 'toolkit', name: 'dcm4che', source: 'dcm4che Implementation.java (dcm4che 3 and later)' },
  { uid: '1.3.6.1.4.1.30071.8', kind: 'toolkit', name: 'fo-dicom', source: 'fo-dicom DicomImplementation.cs' },
  { uid: '1.2.826.0.1.3680043.9.3811', kind: 'toolkit', name: 'pynetdicom', source: 'pynetdicom __init__.py' },
  { uid: '1.2.826.0.1.3680043.10.854', kind: 'toolkit', name: 'dcmjs-dimse', source: 'dcmjs-dimse Implementation.js' },
  { uid: '1.2.826.0.1.3680043.10.786', kind: 'toolkit', name: 'go-netdicom', source: 'go-netdicom uid.go' },
  { uid: '1.2.826.0.1.3680043.9.7133', kind: 'toolkit', name: 'suyashkumar/dicom', source: 'suyashkumar/dicom constants.go' },
  { uid: '1.2.826.0.1.3680043.8.641', kind: 'toolkit', name: 'ruby-dicom', source: 'ruby-dicom constants.rb' },
  { uid: '2.25.262086406829110419931297894772577063974', kind: 'toolkit', name: 'DICOM-rs', source: 'dicom-rs dicom-object lib.rs' },
  { uid: '1.2.840.113619', kind: 'vendor', name: 'GE HealthCare', source: 'GE conformance statements; nmap dicom.lua' },
  { uid: '1.3.12.2.1107', kind: 'vendor', name: 'Siemens Healthineers', source: 'Siemens conformance statements; nmap dicom.lua' },
  { uid: '1.3.46.670589', kind: 'vendor', name: 'Philips', source: 'Philips conformance statements; nmap dicom.lua' },
]

/** Version names; the first group is the version of the toolkit. */
const VERSIONS: readonly VersionRow[] = [
  { pattern: /^OFFIS_DCM(?:TK|BP)_(\d+)$/, kind: 'toolkit', name: 'DCMTK', source: 'DCMTK dcmdata/dcuid.h' },
  { pattern: /^dcm4che-(.+)$/, kind: 'toolkit', name: 'dcm4che', source: 'dcm4che Implementation.java' },
  { pattern: /^fo-dicom (.+)$/, kind: 'toolkit', name: 'fo-dicom', source: 'fo-dicom DicomImplementation.cs' },
  { pattern: /^PYNETDICOM_(\d+)$/, kind: 'toolkit', name: 'pynetdicom', source: 'pynetdicom __init__.py' },
  { pattern: /^DCMJS-DIMSE-V(.+)$/, kind: 'toolkit', name: 'dcmjs-dimse', source: 'dcmjs-dimse Implementation.js' },
  { pattern: /^GONETDICOM_(.+)$/, kind: 'toolkit', name: 'go-netdicom', source: 'go-netdicom uid.go' },
  { pattern: /^GODICOM_(.+)$/, kind: 'toolkit', name: 'suyashkumar/dicom', source: 'suyashkumar/dicom constants.go' },
  { pattern: /^RUBY_DCM_(.+)$/, kind: 'toolkit', name: 'ruby-dicom', source: 'ruby-dicom constants.rb' },
  { pattern: /^DICOM-rs (.+)$/, kind: 'toolkit', name: 'DICOM-rs', source: 'dicom-rs dicom-object lib.rs' },
  { pattern: /^DCMOBJw?\.?(\d.*)$/, kind: 'toolkit', name: 'DicomObjects', source: 'Medical Connections DicomObjects documentation' },
]

const BY_UID = new Map(UIDS.map(row => [row.uid, row]))

/** The row whose UID is `uid` or its longest whole-component prefix. */
export function implementationOfUid(uid: string): Implementation | undefined {
  for (let end = uid.length; end > 0; end = uid.lastIndexOf('.', end - 1)) {
    const row = BY_UID.get(uid.slice(0, end))
    if (row !== undefined) return { kind: row.kind, name: row.name, row: `implementation-uid:${row.uid} (${row.source})` }
  }
  return undefined
}

/** Names the toolkit with its version: `DCMTK 3.6.7` of `OFFIS_DCMTK_367`. */
export function implementationOfVersion(version: string): Implementation | undefined {
  for (const row of VERSIONS) {
    const match = row.pattern.exec(version)
    if (match !== null) {
      return {
        kind: row.kind,
        name: `${row.name} ${dotted(match[1], row.name)}`,
        row: `implementation-version:${row.pattern.source} (${row.source})`,
      }
    }
  }
  return undefined
}

/** DCMTK and pynetdicom write 3.6.7 as 367. */
function dotted(version: string, toolkit: string): string {
  return (toolkit === 'DCMTK' || toolkit === 'pynetdicom') && /^\d{3}$/.test(version) ? [...version].join('.') : version
}
