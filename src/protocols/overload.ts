/** Limits of decoders. When one is hit, what does not fit gives way, and is counted. Each is a setting below `protocols`. */
export const OVERLOAD_POLICIES = [
  /** `dicom.association_buffer_bytes` */
  'dicom_association_buffer',
  /** `dicom.max_command_bytes` */
  'dicom_command',
  /** `dicom.max_control_pdu_bytes` */
  'dicom_control_pdu',
  /** `dicom.max_pending_operations` */
  'dicom_pending_operations',
  /** `hl7.max_message_bytes` */
  'hl7_message',
  /** `hl7.max_pending_messages` */
  'hl7_pending_messages',
  /** `http.max_head_bytes` */
  'http_head',
  /** `http.max_body_bytes` */
  'http_body',
  /** `http.max_pending_requests` */
  'http_pending_requests',
  /** `tls.max_handshake_bytes` */
  'tls_handshake',
] as const

export type OverloadPolicy = (typeof OVERLOAD_POLICIES)[number]

/** Takes each hit of a limit. Called synchronously. */
export type OnOverload = (policy: OverloadPolicy) => void

export const NO_OVERLOAD: OnOverload = () => {}
