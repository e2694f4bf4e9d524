import { Client, type ClientOptions } from '@elastic/elasticsearch'
import { VERSION } from '../../installation.ts'
import { tlsOptions } from '../tls.ts'
import { authorityByFingerprint } from './fingerprint.ts'
import type { ElasticsearchSettings } from './settings.ts'

/**
 * A client of the cluster. It tries every request once and keeps to the timeout; retrying is the delivery loop's. Throws `tls_file`
 * or `tls_fingerprint` when the TLS settings cannot work, and the error of the network when a fingerprint cannot be looked up.
 */
export async function elasticClient(name: string, settings: ElasticsearchSettings, signal: AbortSignal): Promise<Client> {
  const { url, tls, timeout_seconds, compression } = settings
  const requestTimeout = timeout_seconds * 1000
  const options = tlsOptions(tls, name)
  const authority =
    tls.ca_fingerprint === undefined
      ? options.ca
      : await authorityByFingerprint(url, tls.ca_fingerprint, AbortSignal.any([signal, AbortSignal.timeout(requestTimeout)]))
  return new Client({
    nodes: [...url],
    auth: credentials(settings),
    tls: { ...options, ca: authority },
    headers: { 'user-agent': `wardwire/${VERSION}` },
    compression,
    requestTimeout,
    maxRetries: 0,
  })
}

function credentials({ api_key, username, password }: ElasticsearchSettings): ClientOptions['auth'] {
  if (api_key !== undefined) return { apiKey: api_key.reveal() }
  if (username !== undefined && password !== undefined) return { username, password: password.reveal() }
  return undefined
}
