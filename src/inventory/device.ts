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
  readonly firmwareVersion: string | undefined
  readonly udi: string | undefined
  /** `build` as the system numbers itself, such as `10.0.19045`. */
  readonly os: { readonly name?: string; readonly version?: string; readonly build?: string } | undefined
  readonly hostname: string | undefined
  readonly macs: readonly string[]
  /** Who made the network adapters, by the first bytes of the MACs. */
  readonly nicVendors: readonly string[]
  readonly ips: readonly string[]
  /** VLAN ids of its frames, those of routed ones left out. */
  readonly vlans: readonly string[]
  readonly aeTitles: readonly string[]
  readonly stations: readonly string[]
  readonly hl7Applications: readonly string[]
  readonly hl7Facilities: readonly string[]
  /** Message types (`ADT^A01`) that it sends, and that it takes from others. */
  readonly hl7Sends: readonly string[]
  readonly hl7Receives: readonly string[]
  /** `storage_scu`, `query_scp`, `hl7_sender` … */
  readonly roles: readonly string[]
  /** What others can ask of it: `dicom tcp/11112`, `ssh`, `upnp:printer`. */
  readonly services: readonly string[]
  /** How it protects what it says: `dicom: none`, `hl7: TLS 1.2`. */
  readonly encryption: readonly string[]
  /** Addresses with which it speaks medical protocols, the first that were seen. */
  readonly peers: readonly string[]
  /** What another device states too that only one can be: `10.1.0.11 states … too, and is another device`. */
  readonly conflicts: readonly string[]
  /** Who is responsible for it, where it stands, and how much depends on it: by the asset list, else as far as protocols say. */
  readonly owner: string | undefined
  /** The institution that its messages name. */
  readonly site: string | undefined
  readonly location: string | undefined
  readonly department: string | undefined
  readonly criticality: string | undefined
  readonly firstSeen: number
  readonly lastSeen: number
  readonly confidence: 'low' | 'medium' | 'high'
  /** Distinct protocols behind the evidence. */
  readonly sources: readonly string[]
  /** Why the value in force is the one it is, by attribute. */
  readonly reasons: Readonly<Record<string, string>>
  readonly evidence: readonly Evidence[]
}

/** An attribute that is not as it was, and why. */
export interface Change {
  readonly attribute: string
  readonly before: string | undefined
  readonly after: string
  readonly reason: string
}

/**
 * Something the inventory noticed; becomes an event of dataset wardwire.asset. `device-merged`: what had two ids is one device (attribute
 * `id`). `device-split`: addresses or an id are another host's (attribute `ips` or `id`). `device-silent` and `device-returned`: nothing
 * was seen of it for days (attribute `last_seen`).
 */
export type InventoryChange =
  | { readonly kind: 'device-discovered' | 'device-snapshot'; readonly device: Device; readonly time: number }
  | ({
      readonly kind: 'device-changed' | 'device-merged' | 'device-split' | 'device-silent' | 'device-returned'
      readonly device: Device
      readonly time: number
    } & Change)
