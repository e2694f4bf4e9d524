import Joi from 'joi'
import { LOCAL_NETWORKS } from './networks.ts'

/** Names of the columns of an asset list, by what they mean here. */
export type AssetColumns = Readonly<
  Partial<Record<'mac' | 'serial_number' | 'ip' | 'ae_title' | 'owner' | 'location' | 'department' | 'criticality', string>>
>

export interface AssetSettings {
  readonly file: string
  readonly separator: ',' | ';' | 'tab'
  readonly columns: AssetColumns
}

export interface InventorySettings {
  readonly max_devices: number
  readonly max_values_per_attribute: number
  readonly max_evidence_per_device: number
  readonly local_networks: readonly string[]
  readonly router_addresses: number
  readonly encrypted_ports: { readonly dicom: readonly number[]; readonly hl7: readonly number[] }
  readonly silent_days: number
  readonly retention_days: number
  readonly snapshot_at: string
  readonly save_seconds: number
  readonly assets: AssetSettings | undefined
  readonly knowledge_file: string | undefined
}

function portsSchema(ports: readonly number[]): Joi.ArraySchema<number[]> {
  return Joi.array().items(Joi.number().port()).default(ports)
}

const column = (meaning: string): Joi.StringSchema => Joi.string().max(128).description(`name of the column with ${meaning}`)

const assetsSchema = Joi.object<AssetSettings>({
  file: Joi.string().required().description('CSV file with a header line').example('/etc/wardwire/assets.csv'),
  separator: Joi.string().valid(',', ';', 'tab').default(',').description('character between two cells'),
  columns: Joi.object<AssetColumns>({
    mac: column('MAC addresses, the most trusted match').example('MAC address'),
    serial_number: column('the serial number').example('Serial no.'),
    ip: column('IP addresses'),
    ae_title: column('AE titles, the least trusted match'),
    owner: column('who is responsible').example('Responsible'),
    location: column('where the device stands').example('Room'),
    department: column('the department'),
    criticality: column('how much depends on the device').example('Criticality'),
  })
    .or('mac', 'serial_number', 'ip', 'ae_title')
    .or('owner', 'location', 'department', 'criticality')
    .required()
    .description('which column means what; others are ignored'),
}).description("the site's own list of devices (CMMS export), which adds owner, location, department and criticality")

/** How devices are told apart and how much is remembered of each. */
export const inventorySchema = Joi.object<InventorySettings>({
  max_devices: Joi.number()
    .integer()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .description('most devices kept at once; further ones are counted, not kept'),
  max_values_per_attribute: Joi.number()
    .integer()
    .min(2)
    .max(1024)
    .default(32)
    .description('most different values kept of one attribute of one device (AE titles, addresses, versions …)'),
  max_evidence_per_device: Joi.number()
    .integer()
    .min(16)
    .max(65_536)
    .default(512)
    .description('most pieces of evidence kept of one device'),
  local_networks: Joi.array()
    .items(Joi.string().ip({ cidr: 'required' }))
    .default([...LOCAL_NETWORKS])
    .description('networks whose hosts may become devices (CIDR); add public ranges that the site uses inside')
    .example(['10.0.0.0/8', 'fc00::/7']),
  router_addresses: Joi.number()
    .integer()
    .min(1)
    .max(1024)
    .default(8)
    .description('a MAC address that carries more IP addresses of one family than this is a router, not a device'),
  encrypted_ports: Joi.object({
    dicom: portsSchema([104, 2761, 2762, 11_112]).description('TCP ports of DICOM over TLS'),
    hl7: portsSchema([2575, 2576]).description('TCP ports of HL7 over TLS'),
  })
    .default()
    .description('ports on which TLS shows a medical device, although nothing of the content can be seen'),
  silent_days: Joi.number()
    .integer()
    .min(1)
    .max(3650)
    .default(7)
    .description('a device unseen for this many days is reported silent, and may be forgotten when the inventory is full'),
  retention_days: Joi.number()
    .integer()
    .min(Joi.ref('silent_days'))
    .max(36_500)
    .default(730)
    .description('a device unseen for this many days is forgotten'),
  snapshot_at: Joi.string()
    .pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'time of day')
    .default('03:00')
    .description('time of day (UTC) at which an event tells the state of each device'),
  save_seconds: Joi.number().integer().min(1).max(3600).default(10).description('seconds between saves of changed devices'),
  assets: assetsSchema,
  knowledge_file: Joi.string()
    .description("YAML file with the site's own rows for the knowledge tables, as in knowledge.example.yml")
    .example('/etc/wardwire/knowledge.yml'),
}).default()
