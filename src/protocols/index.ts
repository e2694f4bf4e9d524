import Joi from 'joi'
import { ftp, smtp, ssh, telnet } from './banner/index.ts'
import { cdp } from './cdp/index.ts'
import type { DatagramProtocol, LinkProtocol } from './datagram.ts'
import type { Protocol } from './decoder.ts'
import { dhcp, dhcpv6 } from './dhcp/index.ts'
import { dicom } from './dicom/index.ts'
import { type DicomSettings, dicomSchema } from './dicom/settings.ts'
import { hl7 } from './hl7/index.ts'
import { type Hl7Settings, hl7Schema } from './hl7/settings.ts'
import { http, http2 } from './http/index.ts'
import { type HttpSettings, httpSchema } from './http/settings.ts'
import { lldp } from './lldp/index.ts'
import { llmnr } from './llmnr/index.ts'
import { mdns } from './mdns/index.ts'
import { nbdgm, nbns } from './netbios/index.ts'
import { NO_OVERLOAD, type OnOverload } from './overload.ts'
import { proxy } from './proxy/index.ts'
import { smb } from './smb/index.ts'
import { snmp } from './snmp/index.ts'
import { ssdp } from './ssdp/index.ts'
import { tls } from './tls/index.ts'
import { type TlsSettings, tlsSchema } from './tls/settings.ts'

/** Settings of each protocol decoder. */
export interface ProtocolSettings {
  readonly dicom: DicomSettings
  readonly hl7: Hl7Settings
  readonly http: HttpSettings
  readonly tls: TlsSettings
}

export const protocolsSchema = Joi.object<ProtocolSettings>({
  dicom: dicomSchema.description('DICOM upper layer, DIMSE and the heads of data sets'),
  hl7: hl7Schema.description('HL7 v2 over MLLP'),
  http: httpSchema.description('HTTP/1.1, for DICOMweb and FHIR'),
  tls: tlsSchema.description('TLS handshakes, as far as they are in clear'),
}).default()

/** Every protocol on TCP that is recognized, in the order in which the first bytes of a flow are shown to them. */
export function createProtocols(settings: ProtocolSettings, onOverload: OnOverload = NO_OVERLOAD): readonly Protocol[] {
  return [
    proxy(),
    dicom(settings.dicom, onOverload),
    hl7(settings.hl7, onOverload),
    tls(settings.tls, onOverload),
    http(settings.http, onOverload),
    http2(),
    smb(),
    ssh(),
    ftp(),
    smtp(),
    telnet(),
  ]
}

/** Every protocol of single UDP datagrams. */
export function createDatagramProtocols(): readonly DatagramProtocol[] {
  return [dhcp(), dhcpv6(), nbns(), nbdgm(), llmnr(), mdns(), ssdp(), snmp()]
}

/** Every protocol directly on the link layer. */
export function createLinkProtocols(): readonly LinkProtocol[] {
  return [lldp(), cdp()]
}
