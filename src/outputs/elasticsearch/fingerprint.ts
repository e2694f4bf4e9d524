import { once } from 'node:events'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { WardwireError } from '../../telemetry/error.ts'

/** No chain is longer. */
const MAX_CHAIN = 10

/**
 * The certificate (PEM) with a SHA-256 fingerprint in the chain that the first reachable of several servers shows. Nothing is trusted
 * here but the fingerprint: connections are then verified in full, name included, against this certificate as their authority.
 * Throws `tls_fingerprint` when a server shows none such, and the error of the network when none can be reached.
 */
export async function authorityByFingerprint(urls: readonly string[], fingerprint: string, signal: AbortSignal): Promise<string> {
  const wanted = normalize(fingerprint)
  let failure: unknown
  for (const url of urls) {
    let chain: readonly DetailedPeerCertificate[]
    try {
      chain = await shownChain(new URL(url), signal)
    } catch (error) {
      failure = error
      continue
    }
    const found = chain.find(certificate => normalize(certificate.fingerprint256) === wanted)
    if (found !== undefined) return pem(found.raw)
    throw new WardwireError('tls_fingerprint', `${url} shows no certificate with the fingerprint tls.ca_fingerprint`, {
      mend: 'compare: openssl s_client -showcerts -connect HOST:PORT, or use ca_file',
    })
  }
  throw failure
}

async function shownChain({ hostname, port }: URL, signal: AbortSignal): Promise<readonly DetailedPeerCertificate[]> {
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect', { signal })
    const chain: DetailedPeerCertificate[] = []
    for (let next = socket.getPeerCertificate(true); next?.raw !== undefined && chain.length < MAX_CHAIN; next = next.issuerCertificate) {
      chain.push(next)
      if (next.issuerCertificate === next) break
    }
    return chain
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

function normalize(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
