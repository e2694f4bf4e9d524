import { readMapping } from '../normalize/mappings.ts'

/** A tactic and the techniques that serve it, by id. */
export interface TacticReference {
  readonly tactic: string
  readonly techniques: readonly string[]
}

/** `mappings/attack.yml`. */
interface AttackTable {
  readonly version: string
  readonly tactics: Readonly<Record<string, string>>
  readonly enterprise: Readonly<Record<string, { readonly name: string; readonly tactics: readonly string[] }>>
  readonly ics: Readonly<Record<string, string>>
  readonly next: {
    readonly version: string
    readonly tactics: Readonly<Record<string, string>>
    readonly enterprise: Readonly<Record<string, { readonly id: string; readonly name: string; readonly tactic?: string }>>
    readonly ics: Readonly<Record<string, { readonly id: string; readonly name: string }>>
  }
}

/** Something of the knowledge base with its page. */
export interface AttackEntry {
  readonly id: string
  readonly name: string
  readonly url: string
}

export interface ResolvedTactic {
  readonly tactic: AttackEntry
  /** Techniques with the sub-techniques that are meant. */
  readonly techniques: readonly (AttackEntry & { readonly subtechniques: readonly AttackEntry[] })[]
}

/** Which version's ids are wanted: that of the rules, or the one after it. */
export type AttackEdition = 'current' | 'next'

let loaded: AttackTable | undefined

function table(): AttackTable {
  loaded ??= readMapping<AttackTable>('attack.yml')
  return loaded
}

export function attackVersion(edition: AttackEdition): string {
  return edition === 'current' ? table().version : table().next.version
}

/** What is wrong with references to Enterprise techniques; empty when all is well. */
export function attackProblems(references: readonly TacticReference[], ics: readonly string[]): readonly string[] {
  const { tactics, enterprise, ics: known } = table()
  return [
    ...references.flatMap(({ tactic, techniques }) => [
      ...(tactic in tactics ? [] : [`tactic ${tactic} is not in mappings/attack.yml`]),
      ...techniques.flatMap(id => {
        const technique = enterprise[id]
        if (technique === undefined) return [`technique ${id} is not in mappings/attack.yml`]
        return technique.tactics.includes(tactic) ? [] : [`technique ${id} does not serve tactic ${tactic}`]
      }),
    ]),
    ...ics.filter(id => !(id in known)).map(id => `ICS technique ${id} is not in mappings/attack.yml`),
  ]
}

/** Names and pages of tactics and techniques; a sub-technique stands under its technique. */
export function resolveTactics(references: readonly TacticReference[], edition: AttackEdition): readonly ResolvedTactic[] {
  const byTactic = new Map<string, string[]>()
  for (const { tactic, techniques } of references) {
    for (const technique of techniques) {
      const { id, tactic: moved } = successor(technique, tactic, edition)
      const ids = byTactic.get(moved) ?? []
      byTactic.set(moved, ids.includes(id) ? ids : [...ids, id])
    }
  }
  return [...byTactic].map(([tactic, ids]) => ({ tactic: tacticEntry(tactic, edition), techniques: nested(ids, edition) }))
}

/** Ids of the techniques meant, a technique only where none of its sub-techniques is. */
export function techniqueIds(references: readonly TacticReference[], edition: AttackEdition): readonly string[] {
  const ids = new Set(references.flatMap(({ tactic, techniques }) => techniques.map(id => successor(id, tactic, edition).id)))
  return [...ids].filter(id => ![...ids].some(other => other.startsWith(`${id}.`)))
}

export function icsEntries(ids: readonly string[], edition: AttackEdition): readonly AttackEntry[] {
  const { ics, next } = table()
  return ids.map(id => {
    const moved = edition === 'next' ? next.ics[id] : undefined
    return entry(moved?.id ?? id, moved?.name ?? ics[id] ?? id)
  })
}

function successor(id: string, tactic: string, edition: AttackEdition): { readonly id: string; readonly tactic: string } {
  const moved = edition === 'next' ? table().next.enterprise[id] : undefined
  return { id: moved?.id ?? id, tactic: moved?.tactic ?? tactic }
}

function nested(ids: readonly string[], edition: AttackEdition): ResolvedTactic['techniques'] {
  const parents = [...new Set(ids.map(id => id.split('.')[0]))]
  return parents.map(parent => ({
    ...entry(parent, techniqueName(parent, edition)),
    subtechniques: ids.filter(id => id.startsWith(`${parent}.`)).map(id => entry(id, techniqueName(id, edition))),
  }))
}

function techniqueName(id: string, edition: AttackEdition): string {
  const { enterprise, next } = table()
  const renamed = edition === 'next' ? Object.values(next.enterprise).find(moved => moved.id === id) : undefined
  return renamed?.name ?? enterprise[id]?.name ?? id
}

function tacticEntry(id: string, edition: AttackEdition): AttackEntry {
  const { tactics, next } = table()
  const name = (edition === 'next' ? next.tactics[id] : undefined) ?? tactics[id] ?? id
  return { id, name, url: `https://attack.mitre.org/tactics/${id}/` }
}

function entry(id: string, name: string): AttackEntry {
  return { id, name, url: `https://attack.mitre.org/techniques/${id.replace('.', '/')}/` }
}
