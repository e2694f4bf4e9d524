import Joi from 'joi'

export interface TlsSettings {
  readonly max_handshake_bytes: number
}

/** TLS handshakes, as far as they are in clear. */
export const tlsSchema = Joi.object<TlsSettings>({
  max_handshake_bytes: Joi.number()
    .integer()
    .min(4096)
    .default(65_536)
    .description('bytes of one handshake message that are looked at, such as a chain of certificates; the rest of a longer one is skipped'),
}).default()
