import type { DicomWebRequest } from '../protocols/observation.ts'
import type { Alert } from './rule.ts'
import { known } from './wording.ts'

/** What an alert about a DICOMweb request carries of it. */
export function webFields({ service, level, http, violations }: DicomWebRequest): Alert['fields'] {
  return known({
    'dicom.web.service': service,
    'dicom.web.level': level,
    'dicom.violations': violations.length > 0 ? violations : undefined,
    'http.request.method': http.method,
    'http.response.status_code': http.status,
    'user_agent.original': http.userAgent,
    'wardwire.authentication.scheme': http.authentication,
  })
}

/** The server took the request: 2xx (RFC 9110 §15.3). */
export function isAnswered({ http }: DicomWebRequest): boolean {
  return http.status !== undefined && http.status >= 200 && http.status < 300
}

/** The server refused the request, or has nothing there: 4xx (RFC 9110 §15.5). */
export function isRejected({ http }: DicomWebRequest): boolean {
  return http.status !== undefined && http.status >= 400 && http.status < 500
}
