/** A JSON object, as far as redaction cares. */
interface Tree {
  readonly [key: string]: unknown
}

/** Names to drop, level by level: `dropped`, or what to drop below. */
type Drops = ReadonlyMap<string, Drops | typeof DROPPED>
const DROPPED = 'dropped'

export type Patients = 'omit' | 'pseudonym' | 'clear'

/**
 * The redaction gate, the last step before an event is encoded (defence in depth: decoders hand out no patient data).
 * `omit` drops every field of phi class `patient`; `pseudonym` keeps of these the ones named `…_pseudonym`; `clear` keeps all.
 * The document given is never changed; without anything to drop it is handed back as it is.
 */
export function createRedaction(
  fields: Iterable<{ readonly name: string; readonly phi: 'none' | 'patient' }>,
  patients: Patients,
): <Document extends Tree>(document: Document) => Document {
  const drops = dropsOf(
    [...fields].filter(({ name, phi }) => phi === 'patient' && !kept(name, patients)).map(({ name }) => name.split('.')),
  )
  return document => without(document, drops)
}

function kept(name: string, patients: Patients): boolean {
  return patients === 'clear' || (patients === 'pseudonym' && name.endsWith('_pseudonym'))
}

function dropsOf(paths: readonly (readonly string[])[]): Drops {
  const keys = new Set(paths.map(([key]) => key))
  return new Map([...keys].map(key => [key, dropsBelow(paths.filter(path => path[0] === key).map(path => path.slice(1)))]))
}

function dropsBelow(paths: readonly (readonly string[])[]): Drops | typeof DROPPED {
  return paths.some(path => path.length === 0) ? DROPPED : dropsOf(paths)
}

/** A copy of `tree` without what `drops` names, and without objects that this leaves empty. */
function without<Branch extends Tree>(tree: Branch, drops: Drops): Branch {
  let changes: Map<string, unknown> | undefined
  for (const [key, drop] of drops) {
    const value = tree[key]
    if (value === undefined) continue
    const remains = drop === DROPPED ? undefined : remainder(value, drop)
    if (remains === value) continue
    changes ??= new Map()
    changes.set(key, remains)
  }
  return changes === undefined ? tree : changed(tree, changes)
}

/** What is left of a value; undefined when that is nothing. */
function remainder(value: unknown, drops: Drops): unknown {
  if (typeof value !== 'object' || value === null) return value
  const branch = without(value as Tree, drops)
  return branch !== value && Object.keys(branch).length === 0 ? undefined : branch
}

/** Key by key, because an object from which a key was deleted is slow from then on. */
function changed<Branch extends Tree>(tree: Branch, changes: ReadonlyMap<string, unknown>): Branch {
  const copy: Record<string, unknown> = {}
  for (const key in tree) {
    const value = changes.has(key) ? changes.get(key) : tree[key]
    if (value !== undefined) copy[key] = value
  }
  return copy as Branch
}
