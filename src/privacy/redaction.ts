/** A JSON object, as far as redaction cares. */
interface Tree {
  readonly [key: string]: unknown
}

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
  const dropped = [...fields].filter(field => field.phi === 'patient' && !kept(field.name, patients)).map(field => field.name.split('.'))
  return document => dropped.reduce((redacted, path) => without(redacted, path, 0), document)
}

function kept(name: string, patients: Patients): boolean {
  return patients === 'clear' || (patients === 'pseudonym' && name.endsWith('_pseudonym'))
}

/** A copy of `tree` without the value at `path[depth …]`, and without objects that this leaves empty. */
function without<Branch extends Tree>(tree: Branch, path: readonly string[], depth: number): Branch {
  const key = path[depth]
  const value = tree[key]
  if (value === undefined) return tree
  const rest = { ...tree }
  Reflect.deleteProperty(rest, key)
  if (depth === path.length - 1) return rest
  if (typeof value !== 'object' || value === null) return tree
  const branch = without(value as Tree, path, depth + 1)
  if (branch === value) return tree
  return Object.keys(branch).length === 0 ? rest : { ...tree, [key]: branch }
}
