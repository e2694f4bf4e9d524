import type { EcsDocument } from '../../../src/normalize/event.ts'

/**
 * Findings as the event contract has them. The sensor makes none yet, so nothing could come from a capture; a test holds them against the
 * catalogue in strict mode.
 */
export function findings(time: Date): readonly EcsDocument[] {
  const timestamp = time.toISOString()
  return [
    finding(timestamp, 'dev-1', 'CVE-2019-11687', 'medium', 5.7, 'ICSA-19-190-01', false, 'vulnerability-opened', 'open'),
    finding(timestamp, 'dev-1', 'CVE-2017-0144', 'critical', 8.8, 'ICSMA-17-138-01', true, 'vulnerability-opened', 'open'),
    finding(timestamp, 'dev-2', 'CVE-2017-0144', 'critical', 8.8, 'ICSMA-17-138-01', true, 'vulnerability-resolved', 'resolved'),
  ]
}

function finding(
  timestamp: string,
  device: string,
  id: string,
  severity: string,
  score: number,
  advisory: string,
  exploited: boolean,
  action: string,
  status: string,
): EcsDocument {
  return {
    '@timestamp': timestamp,
    message: `${device} fits ${advisory}`,
    ecs: { version: '9.4.0' },
    event: {
      id: `${device} ${id} ${status}`,
      kind: 'state',
      category: ['vulnerability'],
      type: ['info'],
      action,
      outcome: 'success',
      module: 'wardwire',
      dataset: 'wardwire.vulnerability',
      created: timestamp,
      sequence: 1,
    },
    observer: { vendor: 'wardwire', product: 'wardwire', type: 'sensor', name: 'sensor-1', hostname: 'sensor-1' },
    device: { id: device, manufacturer: 'Siemens Healthineers' },
    host: { id: device, name: 'ct01', ip: ['10.20.0.11'] },
    vulnerability: {
      id,
      classification: 'CVSS',
      enumeration: 'CVE',
      description: 'What the advisory says.',
      severity,
      score: { base: score, version: '3.1' },
    },
    wardwire: { vulnerability: { status, advisory, known_exploited: exploited, confidence: 'high' } },
  }
}
