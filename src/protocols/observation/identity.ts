import type { Seen } from './seen.ts'

/** Attributes that protocols say of a device. */
export type IdentityAttribute =
  | 'manufacturer'
  | 'model'
  | 'model_number'
  | 'serial_number'
  | 'software_version'
  | 'station_name'
  | 'institution'
  | 'department'
  | 'modality'
  | 'device_uid'
  | 'udi'
  | 'eui64'
  | 'ae_title'
  | 'hl7_application'
  | 'hl7_facility'
  | 'implementation_class_uid'
  | 'implementation_version'
  | 'role'
  | 'mac'
  | 'ip'
  | 'vlan'
  | 'hostname'
  | 'domain'
  | 'os'
  | 'os_version'
  | 'os_build'
  | 'native_os'
  | 'native_lan_manager'
  | 'smb_dialect'
  | 'vendor_class'
  | 'dhcp_fingerprint'
  | 'dhcp_client_id'
  | 'enterprise_number'
  | 'mud_url'
  | 'firmware_version'
  | 'hardware_revision'
  | 'asset_tag'
  | 'location'
  | 'capability'
  | 'service'
  | 'system_description'
  | 'system_object_id'
  | 'upnp_server'
  | 'upnp_uuid'
  | 'banner'
  | 'user_agent'
  | 'http_server'
  | 'http_title'
  | 'http_realm'
  | 'certificate_subject'
  | 'certificate_issuer'

/** Protocols that say something of a device. */
export type IdentityProtocol =
  | 'dicom'
  | 'hl7'
  | 'tls'
  | 'http'
  | 'smb'
  | 'ssh'
  | 'ftp'
  | 'smtp'
  | 'telnet'
  | 'dhcp'
  | 'dhcpv6'
  | 'nbns'
  | 'nbdgm'
  | 'llmnr'
  | 'mdns'
  | 'ssdp'
  | 'upnp'
  | 'snmp'
  | 'lldp'
  | 'cdp'

/** One statement. `field` is the standard's name of the place: `(0008,0070)`, `OBX-18`, `0x52`, `option 12`, `sysDescr`. */
export interface IdentityFact {
  readonly attribute: IdentityAttribute
  readonly value: string
  readonly field: string
}

/**
 * A protocol said something about the device at one end of a flow (`about`), or, where `forwarded`, about another device whose
 * data passes through that end (archives forward the modality's tags).
 */
export interface DeviceIdentity extends Seen {
  readonly kind: 'device-identity'
  readonly protocol: IdentityProtocol
  readonly about: 'client' | 'server'
  readonly forwarded: boolean
  readonly facts: readonly IdentityFact[]
}

/** Names a host by what a message says of it: MAC `AA-BB-CC-DD-EE-FF`, IP address, or both. At least one is there. */
export interface HostSubject {
  readonly mac: string | undefined
  readonly address: string | undefined
}

/**
 * A protocol said something about a host that its message names, and that need not be an end of a flow: a DHCP client that has no address
 * yet, the owner of a NetBIOS name, the sender of an LLDP frame. No `Observation`, because there may be no flow at all.
 */
export interface HostIdentity {
  readonly kind: 'host-identity'
  readonly protocol: IdentityProtocol
  readonly subject: HostSubject
  /** Packet time, µs. */
  readonly time: number
  readonly facts: readonly IdentityFact[]
}
