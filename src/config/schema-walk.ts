import type Joi from 'joi'

/** The parts of joi's `describe()` output that we read. */
export interface SchemaDescription {
  readonly type?: string
  readonly flags?: {
    readonly description?: string
    readonly default?: unknown
    readonly presence?: string
    readonly only?: boolean
    readonly unit?: string
  }
  readonly keys?: Readonly<Record<string, SchemaDescription>>
  readonly patterns?: readonly { readonly rule?: SchemaDescription; readonly schema?: SchemaDescription }[]
  readonly items?: readonly SchemaDescription[]
  readonly allow?: readonly unknown[]
  readonly matches?: readonly { readonly schema?: SchemaDescription; readonly switch?: readonly SwitchCase[] }[]
  readonly rules?: readonly { readonly name: string; readonly args?: Readonly<Record<string, unknown>> }[]
  readonly examples?: readonly unknown[]
  readonly metas?: readonly Readonly<Record<string, unknown>>[]
}

interface SwitchCase {
  readonly is: SchemaDescription
  readonly then: SchemaDescription
}

export function describeSchema(schema: Joi.Schema): SchemaDescription {
  return schema.describe() as SchemaDescription
}

/** The alternatives of a schema chosen by the value of its key `type`, as `[type, description]`. */
export function typedAlternatives(description: SchemaDescription): readonly (readonly [string, SchemaDescription])[] {
  const cases = (description.matches ?? []).flatMap(match => match.switch ?? [])
  return cases.flatMap(({ is, then }) => (is.allow ?? []).filter(type => typeof type === 'string').map(type => [type, then] as const))
}

/** Keys that may stand at `path`, judged against the value that is there (for alternatives by `type`). */
export function allowedKeys(description: SchemaDescription, value: unknown, path: readonly (string | number)[]): readonly string[] {
  let node: SchemaDescription | undefined = description
  let here: unknown = value
  for (const step of path) {
    node = narrow(node, here)
    node = node?.keys?.[step] ?? node?.patterns?.[0]?.rule ?? node?.items?.[0]
    here = here !== null && typeof here === 'object' ? (here as Record<string | number, unknown>)[step] : undefined
  }
  return Object.keys(narrow(node, here)?.keys ?? {})
}

function narrow(node: SchemaDescription | undefined, value: unknown): SchemaDescription | undefined {
  if (node?.matches === undefined) return node
  const type = value !== null && typeof value === 'object' ? (value as { type?: unknown }).type : undefined
  return typedAlternatives(node).find(([name]) => name === type)?.[1] ?? node
}

/** The candidate with the smallest edit distance to `word`, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 2)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[b.length]
}
