/** Settings of one stanza, in order. */
export type ConfSettings = Readonly<Record<string, string | number | boolean>>

/** A file of Splunk's configuration: settings by stanza, in order. */
export type Conf = Readonly<Record<string, ConfSettings>>

/**
 * A .conf file: `[stanza]`, then `key = value` a line, an empty line after each stanza. A value of several lines goes on after a backslash
 * at the end of the line.
 */
export function formatConf(conf: Conf): string {
  const stanzas = Object.entries(conf).map(([stanza, settings]) => {
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${String(value).trimEnd().replaceAll('\n', ' \\\n')}`)
    return [`[${stanza}]`, ...lines].join('\n')
  })
  return `${stanzas.join('\n\n')}\n`
}

/** Several files as one: a stanza of a later file adds to that of an earlier one. */
export function mergeConf(...confs: readonly Conf[]): Conf {
  const merged: Record<string, ConfSettings> = {}
  for (const conf of confs) for (const [stanza, settings] of Object.entries(conf)) merged[stanza] = { ...merged[stanza], ...settings }
  return merged
}

/** A lookup table: comma-separated values, quoted where they hold a comma, a quote or a line end (RFC 4180). */
export function formatCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map(row => `${row.map(csvValue).join(',')}\n`).join('')
}

function csvValue(value: string | number): string {
  const text = String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
