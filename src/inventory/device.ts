/** What the inventory knows, as others read it. */

/** A value with where it came from. */
export interface Evidence {
  readonly attribute: string
  readonly value: string
  /** Protocol that said it: dicom, hl7, ethernet, tls, dhcp … */
  readonly protocol: string
  /** The place in that protocol: `(0008,0070)`, `MSH-3`, `OUI`. */
  readonly field: string
  /** Row of a knowledge table that turned the raw value into this one, where one did. */
  readonly table?: string
  readonly confidence: 'low' | 'medium' | 'high'
  /** µs since 1970 UTC. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly count: number
}

/** One device as `inventory.json` shows it and events carry it. Times are µs since 1970 UTC. */
export interface Device {
  readonly id: string
  readonly manufacturer: string | undefined
  readonly model: string | undefined
  /** CT, MR, infusion pump, PACS archive, workstation, interface engine … or undefined while nothing says so. */
  readonly type: string | undefined
  readonly serialNumber: string | undefined
  readonly softwareVersion: string | undefined
  readonly udi: string | undefined
  readonly os: { readonly name?: string; readonly version?: string } | undefined
  readonly hostname: string | undefined
  readonly macs: readonly string[]
  readonly ips: readonly string[]
  readonly aeTitles: readonly string[]
  readonly stations: readonly string[]
  readonly hl7Applications: readonly string[]
  /** `storage_scu`, `query_scp`, `hl7_sender` … */
  readonly roles: readonly string[]
  readonly criticality: string | undefined
  readonly firstSeen: number
  readonly lastSeen: number
  readonly confidence: 'low' | 'medium' | 'high'
  /** Distinct protocols behind the evidence. */
  readonly sources: readonly string[]
  readonly evidence: readonly Evidence[]
}

/** Something the inventory noticed; becomes an event of dataset wardwire.asset. */
export type InventoryChange =
  | { readonly kind: 'device-discovered'; readonly device: Device; readonly time: number }
  | {
      readonly kind: 'device-changed'
      readonly device: Device
      readonly time: number
      readonly attribute: string
      readonly before: string | undefined
      readonly after: string
      readonly reason: string
    }
