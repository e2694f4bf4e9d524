import type { IdentityAttribute, IdentityFact } from './observation.ts'

/** Collects facts of one host, each once; absent values are left out. */
export class FactList {
  readonly facts: IdentityFact[] = []

  add(attribute: IdentityAttribute, value: string | undefined, field: string): void {
    if (value === undefined || value === '') return
    if (this.facts.some(known => known.attribute === attribute && known.value === value)) return
    this.facts.push({ attribute, value, field })
  }
}
