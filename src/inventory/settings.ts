import Joi from 'joi'
import { LOCAL_NETWORKS } from './networks.ts'

export interface InventorySettings {
  readonly max_devices: number
  readonly max_values_per_attribute: number
  readonly max_evidence_per_device: number
  readonly local_networks: readonly string[]
  readonly router_addresses: number
  readonly encrypted_ports: { readonly dicom: readonly number[]; readonly hl7: readonly number[] }
  readonly silent_days: number
  readonly save_seconds: number
}

function portsSchema(ports: readonly number[]): Joi.ArraySchema<number[]> {
  return Joi.array().items(Joi.number().port()).default(ports)
}

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
    .default(90)
    .description('a device unseen for this many days may be forgotten to make room for a new one'),
  save_seconds: Joi.number().integer().min(1).max(3600).default(10).description('seconds between saves of changed devices'),
}).default()
