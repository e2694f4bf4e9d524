import type { Seen } from './seen.ts'

/** What a TLS handshake shows in clear. */
export interface TlsHandshake extends Seen {
  readonly kind: 'tls-handshake'
  /** ECS form: `1.2`. */
  readonly version: string | undefined
  readonly serverName: string | undefined
  readonly applicationProtocols: readonly string[]
  readonly cipher: string | undefined
  readonly ja4: string | undefined
  readonly resumed: boolean | undefined
  readonly established: boolean
  readonly clientCertificateRequested: boolean
  /** The client sent one when it was asked for it; undefined where that is protected or was not seen. */
  readonly clientCertificatePresented: boolean | undefined
  readonly certificate:
    | {
        readonly subject: string
        readonly issuer: string
        readonly notBefore: number
        readonly notAfter: number
        readonly publicKeyAlgorithm: string
        readonly publicKeyBits: number | undefined
        readonly serialNumber: string
        readonly selfSigned: boolean
      }
    | undefined
}
