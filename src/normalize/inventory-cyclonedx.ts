import { createHash } from 'node:crypto'
import type { InventoryRecord } from './inventory-record.ts'

/** Device types that are software on some computer: to CycloneDX an application, and no device. */
const SOFTWARE_SYSTEMS: ReadonlySet<string> = new Set([
  'interface engine',
  'hospital information system',
  'scheduling system',
  'order entry system',
  'pharmacy system',
  'RIS or worklist server',
  'PACS archive',
])

interface Component {
  readonly type: 'device' | 'application' | 'firmware' | 'operating-system' | 'library'
  readonly 'bom-ref': string
  readonly manufacturer?: { readonly name: string }
  readonly name: string
  readonly version?: string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
  readonly components?: readonly Component[]
}

/**
 * The inventory as a CycloneDX 1.6 bill of materials (ECMA-424): each device a component, with its firmware, its operating system and
 * the toolkits seen in it inside. The same devices give the same document.
 */
export function inventoryCycloneDx(records: readonly InventoryRecord[], version: string): object {
  const components = records.map(deviceComponent)
  const latest = records
    .map(record => record.last_seen ?? '')
    .sort()
    .at(-1)
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(components))}`,
    version: 1,
    metadata: {
      ...(latest ? { timestamp: latest } : {}),
      tools: { components: [{ type: 'application', name: 'wardwire', version }] },
    },
    components,
  }
}

function deviceComponent(record: InventoryRecord): Component {
  const { id, manufacturer, model, type, hostname, software_version, ips } = record
  const isSoftware = model === null && type !== null && SOFTWARE_SYSTEMS.has(type)
  const parts = partsOf(record)
  return {
    type: isSoftware ? 'application' : 'device',
    'bom-ref': id,
    ...(manufacturer === null ? {} : { manufacturer: { name: manufacturer } }),
    name: model ?? type ?? hostname ?? ips[0] ?? id,
    ...(software_version === null ? {} : { version: software_version }),
    properties: propertiesOf(record),
    ...(parts.length === 0 ? {} : { components: parts }),
  }
}

function partsOf(record: InventoryRecord): readonly Component[] {
  const { id, model, software_version, os } = record
  const part = (type: Component['type'], key: string, name: string, version: string | null | undefined): Component => ({
    type,
    'bom-ref': `${id}/${key}`,
    name,
    ...(version ? { version } : {}),
  })
  const toolkits = [...new Set(record.evidence.filter(({ attribute }) => attribute === 'toolkit').map(({ value }) => value))]
  return [
    ...(software_version === null ? [] : [part('firmware', 'firmware', `${model ?? 'device'} software`, software_version)]),
    ...(os?.name ? [part('operating-system', 'os', os.name, os.version)] : []),
    ...toolkits.map((toolkit, index) => {
      const [, name, version] = /^(.*?)(?: (\S*\d\S*))?$/.exec(toolkit) ?? [toolkit, toolkit]
      return part('library', `toolkit-${index + 1}`, name, version)
    }),
  ]
}

function propertiesOf(record: InventoryRecord): NonNullable<Component['properties']> {
  const properties: Readonly<Record<string, string | null | readonly string[]>> = {
    type: record.type,
    serial_number: record.serial_number,
    firmware_version: record.firmware_version,
    udi: record.udi,
    hostname: record.hostname,
    mac: record.macs,
    ip: record.ips,
    vlan: record.vlans,
    ae_title: record.ae_titles,
    service: record.services,
    site: record.site,
    owner: record.owner,
    location: record.location,
    department: record.department,
    criticality: record.criticality,
    first_seen: record.first_seen,
    last_seen: record.last_seen,
  }
  return Object.entries(properties).flatMap(([name, value]) =>
    (value === null ? [] : [value].flat()).map(text => ({ name: `wardwire:${name}`, value: text })),
  )
}

/** Version 8 UUID (RFC 9562 §5.8) of a text. */
function uuidOf(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(digits[16], 16) & 3) | 8).toString(16)
  return [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, variant + digits.slice(17, 20), digits.slice(20, 32)].join(
    '-',
  )
}
