/** What a text in which a device names itself says of it, where a row of a table recognizes it. */
export interface Recognition {
  /** Values by attribute. */
  readonly said: Readonly<Record<string, string>>
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

/** A text, and what it says besides what the groups of the pattern say; these are named as attributes are. */
export interface RecognitionRow {
  readonly pattern: RegExp
  readonly says?: Readonly<Record<string, string>>
  readonly source: string
}

/** The first row of `table` that fits. */
export function recognize(table: string, rows: readonly RecognitionRow[], text: string): Recognition | undefined {
  for (const { pattern, says, source } of rows) {
    const found = groupsIn(pattern, text)
    if (found !== undefined) return { said: { ...says, ...found }, row: `${table}:${pattern.source} (${source})` }
  }
  return undefined
}

/** What the named groups of a pattern hold, those that take part; undefined where it does not fit. */
export function groupsIn(pattern: RegExp, text: string): Readonly<Record<string, string>> | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  return Object.fromEntries(Object.entries(match.groups ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
