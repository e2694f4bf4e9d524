/** Words for the numbers of the upper layer (PS3.8) and of DIMSE (PS3.7). */

const REJECT_RESULTS: ReadonlyMap<number, string> = new Map([
  [1, 'rejected_permanent'],
  [2, 'rejected_transient'],
])
const REJECT_SOURCES: ReadonlyMap<number, string> = new Map([
  [1, 'service_user'],
  [2, 'service_provider_acse'],
  [3, 'service_provider_presentation'],
])
/** By source × 16 + reason. */
const REJECT_REASONS: ReadonlyMap<number, string> = new Map([
  [0x11, 'no_reason_given'],
  [0x12, 'application_context_name_not_supported'],
  [0x13, 'calling_ae_title_not_recognized'],
  [0x17, 'called_ae_title_not_recognized'],
  [0x21, 'no_reason_given'],
  [0x22, 'protocol_version_not_supported'],
  [0x31, 'temporary_congestion'],
  [0x32, 'local_limit_exceeded'],
])

/** PS3.8 table 9-21. */
export function rejectWords(
  result: number,
  source: number,
  reason: number,
): { readonly result: string; readonly source: string; readonly reason: string } {
  return {
    result: REJECT_RESULTS.get(result) ?? `unknown_${result}`,
    source: REJECT_SOURCES.get(source) ?? `unknown_${source}`,
    reason: REJECT_REASONS.get(source * 16 + reason) ?? `reserved_${reason}`,
  }
}

const ABORT_REASONS = [
  'reason_not_specified',
  'unrecognized_pdu',
  'unexpected_pdu',
  'reserved',
  'unrecognized_pdu_parameter',
  'unexpected_pdu_parameter',
  'invalid_pdu_parameter_value',
] as const

/** PS3.8 table 9-26; the reason counts only when the provider aborted. */
export function abortWords(source: number, reason: number): { readonly source: string; readonly reason: string } {
  if (source === 0) return { source: 'service_user', reason: 'not_significant' }
  return { source: source === 2 ? 'service_provider' : `reserved_${source}`, reason: ABORT_REASONS[reason] ?? `reserved_${reason}` }
}

export interface OperationName {
  /** `C-STORE` */
  readonly name: string
  /** Key in `operations`: `store`. */
  readonly key: string
}

/** Request command fields (PS3.7 annex E.1); a response has the top bit set. */
const OPERATIONS: ReadonlyMap<number, OperationName> = new Map([
  [0x0001, { name: 'C-STORE', key: 'store' }],
  [0x0010, { name: 'C-GET', key: 'get' }],
  [0x0020, { name: 'C-FIND', key: 'find' }],
  [0x0021, { name: 'C-MOVE', key: 'move' }],
  [0x0030, { name: 'C-ECHO', key: 'echo' }],
  [0x0fff, { name: 'C-CANCEL', key: 'cancel' }],
  [0x0100, { name: 'N-EVENT-REPORT', key: 'n_event_report' }],
  [0x0110, { name: 'N-GET', key: 'n_get' }],
  [0x0120, { name: 'N-SET', key: 'n_set' }],
  [0x0130, { name: 'N-ACTION', key: 'n_action' }],
  [0x0140, { name: 'N-CREATE', key: 'n_create' }],
  [0x0150, { name: 'N-DELETE', key: 'n_delete' }],
])

export const RESPONSE = 0x8000

export function operationOf(commandField: number): OperationName | undefined {
  return OPERATIONS.get(commandField & ~RESPONSE)
}

export const PRIORITIES: ReadonlyMap<number, 'low' | 'medium' | 'high'> = new Map([
  [0, 'medium'],
  [1, 'high'],
  [2, 'low'],
])

/** Class of a status (PS3.7 annex C). */
export function statusClass(code: number): 'success' | 'pending' | 'cancel' | 'warning' | 'failure' {
  if (code === 0) return 'success'
  if (code === 0xff00 || code === 0xff01) return 'pending'
  if (code === 0xfe00) return 'cancel'
  if (code === 0x0001 || code === 0x0107 || code === 0x0116 || code >>> 12 === 0xb) return 'warning'
  return 'failure'
}

/** `0x0000` */
export function statusCode(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(4, '0')}`
}
