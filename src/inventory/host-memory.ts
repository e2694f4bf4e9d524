import type { HostIdentity } from '../protocols/observation.ts'

/** What was said of hosts that are no devices yet. */
type Statement = Pick<HostIdentity, 'protocol' | 'time'> & HostIdentity['facts'][number]

/** Hosts remembered; the one not spoken of for longest gives way. */
const MAX_HOSTS = 8192
/** Different statements remembered of each. */
const MAX_STATEMENTS = 48

/**
 * Statements about hosts that medical traffic has not shown yet. A scanner asks for its address and announces itself when it is switched
 * on, and sends its first image much later.
 */
export class HostMemory {
  readonly #hosts = new Map<string, Map<string, Statement>>()

  keep({ subject, protocol, time, facts }: HostIdentity): void {
    const host = subject.mac ?? subject.address
    if (host === undefined) return
    const statements = this.#hosts.get(host) ?? new Map<string, Statement>()
    this.#hosts.delete(host)
    this.#hosts.set(host, statements)
    for (const fact of facts) {
      const key = `${protocol} ${fact.field} ${fact.value}`
      if (statements.size < MAX_STATEMENTS || statements.has(key)) statements.set(key, { ...fact, protocol, time })
    }
    if (this.#hosts.size > MAX_HOSTS) this.#hosts.delete(this.#hosts.keys().next().value ?? '')
  }

  /** What was said of the host with this MAC or address, which is forgotten with that. */
  take(host: string): readonly Statement[] {
    const statements = this.#hosts.get(host)
    if (statements === undefined) return []
    this.#hosts.delete(host)
    return [...statements.values()]
  }
}
