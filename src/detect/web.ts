import type { DicomWebRequest } from '../protocols/observation.ts'
import type { InventoryView } from './inventory-view.ts'
import type { Alert } from './rule.ts'
import { hostWords, known } from './wording.ts'

/** Who asked and who answered; a flow that was joined midstream may be the other way around. */
export function webEnds({ flow, direction }: DicomWebRequest): readonly [client: string, server: string] {
  return direction === 0 ? [flow.clientAddress, flow.serverAddress] : [flow.serverAddress, flow.clientAddress]
}

/** `Client: 10.1.0.30 (viewer); server: 10.1.0.20 (PACS archive) port 8042.` */
export function webEndsWords(request: DicomWebRequest, inventory: InventoryView): string {
  const [client, server] = webEnds(request)
  return `Client: ${hostWords(client, inventory)}; server: ${hostWords(server, inventory)} port ${request.flow.serverPort}.`
}

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
