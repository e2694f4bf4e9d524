/** A value of a field: texts and numbers; several of them where the field is multivalued. */
export type Value = string | number | boolean | null | readonly (string | number)[]
export type Row = Record<string, Value | undefined>

/** The single values of a field. */
export function list(value: Value | undefined): readonly (string | number)[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'boolean') return [String(value)]
  return Array.isArray(value) ? (value as readonly (string | number)[]) : [value as string | number]
}

export function number(value: Value | undefined): number | undefined {
  const [one] = list(value)
  if (one === undefined) return undefined
  const parsed = Number(one)
  return Number.isFinite(parsed) ? parsed : undefined
}

export function text(value: Value | undefined): string | undefined {
  const values = list(value)
  return values.length === 0 ? undefined : values.map(String).join('\n')
}

/** Numbers by size, other values as text. */
export function compare(one: Value | undefined, other: Value | undefined): number {
  const [left, right] = [number(one), number(other)]
  if (left !== undefined && right !== undefined) return left - right
  const [first, second] = [text(one) ?? '', text(other) ?? '']
  return first < second ? -1 : first > second ? 1 : 0
}

/** `*` stands for any characters; case does not matter. */
export function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(escaped).join('[\\s\\S]*')}$`, 'i')
}

export function escaped(pattern: string): string {
  return pattern.replace(/[.+?^${}()|[\]\\/]/g, '\\$&')
}

/** Splunk's fields of a JSON event: members by their path, arrays with braces. */
export function eventRow(document: object, time: number): Row {
  const row: Row = { _time: time, _raw: JSON.stringify(document), index: 'wardwire', sourcetype: 'wardwire:json' }
  addMembers(document, '', row)
  row['source'] = row['event.dataset']
  return row
}

function addMembers(members: object, prefix: string, row: Row): void {
  for (const [key, value] of Object.entries(members) as [string, unknown][]) {
    if (Array.isArray(value)) row[`${prefix}${key}{}`] = value.map(item => (typeof item === 'number' ? item : String(item)))
    else if (typeof value === 'object' && value !== null) addMembers(value, `${prefix}${key}.`, row)
    else if (typeof value === 'number') row[prefix + key] = value
    else row[prefix + key] = String(value)
  }
}
