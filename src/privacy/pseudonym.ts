import { createHmac, randomBytes } from 'node:crypto'

export type Pseudonym = (kind: string, value: string) => string

/**
 * Keyed hash (HMAC-SHA-256, 128 bits as hex) of a patient or study identifier. Without a site key a random one is used for the
 * life of the process, which is enough to count and correlate inside the sensor. The result is pseudonymous PHI, not anonymous.
 */
export function createPseudonym(siteKey: string | undefined): Pseudonym {
  const key = siteKey ?? randomBytes(32)
  return (kind, value) => createHmac('sha256', key).update(kind).update('\0').update(value).digest('hex').slice(0, 32)
}
