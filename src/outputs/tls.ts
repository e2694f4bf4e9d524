import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import Joi from 'joi'
import { WardwireError } from '../telemetry/error.ts'

/** The key `tls` of an output. */
export interface TlsSettings {
  readonly ca_file?: string
  readonly cert_file?: string
  readonly key_file?: string
  readonly insecure: boolean
}

export const tlsSchema = Joi.object<TlsSettings>({
  ca_file: Joi.string()
    .description("PEM file of the authority that signed the receiver's certificate; it replaces the well-known ones")
    .example('/etc/wardwire/ca.pem'),
  cert_file: Joi.string()
    .description('PEM file of the certificate that the sensor shows to the receiver')
    .example('/etc/wardwire/client.pem'),
  key_file: Joi.string().description('PEM file of the key of cert_file').example('/etc/wardwire/client.key'),
  insecure: Joi.boolean()
    .default(false)
    .description("do not verify the receiver's certificate: anyone in between can read and change the events"),
})
  .and('cert_file', 'key_file')
  .default()
  .description('TLS towards the receiver; its certificate is verified')

/** What Node's `tls`, `https` and undici take. */
export interface TlsOptions {
  readonly ca: Buffer | undefined
  readonly cert: Buffer | undefined
  readonly key: Buffer | undefined
  readonly rejectUnauthorized: boolean
  readonly minVersion: 'TLSv1.2'
}

/** Read the files of `tls`. Throws `tls_file` when one cannot be read or holds no usable certificate or key. */
export function tlsOptions(settings: TlsSettings, output: string): TlsOptions {
  const read = (key: 'ca_file' | 'cert_file' | 'key_file'): Buffer | undefined => {
    const file = settings[key]
    return file === undefined ? undefined : readPem(file, `outputs.${output}.tls.${key}`)
  }
  const options = {
    ca: read('ca_file'),
    cert: read('cert_file'),
    key: read('key_file'),
    rejectUnauthorized: !settings.insecure,
    minVersion: 'TLSv1.2',
  } as const
  try {
    createSecureContext(options)
  } catch (cause) {
    throw new WardwireError('tls_file', `outputs.${output}.tls: the key does not belong to the certificate, or a file is damaged`, {
      mend: 'give PEM files; the key must be that of cert_file and have no passphrase',
      cause,
    })
  }
  return options
}

function readPem(file: string, key: string): Buffer {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'error'
    throw new WardwireError('tls_file', `${key}: cannot read ${file} (${reason})`, { mend: 'check the path and its permissions', cause })
  }
  if (content.includes('-----BEGIN ')) return content
  throw new WardwireError('tls_file', `${key}: ${file} holds nothing in PEM form`, {
    mend: 'convert it: openssl x509 -inform der -in FILE -out FILE.pem',
  })
}
