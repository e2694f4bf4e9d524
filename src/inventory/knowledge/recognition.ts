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
    const match = pattern.exec(text)
    if (match === null) continue
    const found = Object.entries(match.groups ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined)
    return { said: { ...says, ...Object.fromEntries(found) }, row: `${table}:${pattern.source} (${source})` }
  }
  return undefined
}
