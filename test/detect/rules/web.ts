import type { DicomWebRequest, HttpExchange } from '../../../src/protocols/observation.ts'
import { flow, SECOND, START } from '../../inventory/samples.ts'
import { SEARCH } from '../../normalize/samples.ts'

type Changes = Partial<Omit<DicomWebRequest, 'http'>> & { readonly http?: Partial<HttpExchange>; readonly client?: string }

/** A DICOMweb request from 10.1.0.10 to 10.1.0.20, `at` seconds after the start. */
export function web(at: number, { http, client = '10.1.0.10', ...changes }: Changes = {}): DicomWebRequest {
  const time = START + at * SECOND
  const on = flow({ clientAddress: client, serverPort: 8042 })
  return { ...SEARCH, flow: on, start: time, end: time, http: { ...SEARCH.http, ...http }, ...changes }
}
