export type ParsedConf = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A .conf file as Splunk reads it: settings by stanza. The content has no value of several lines. */
export function parseConf(text: string): ParsedConf {
  const stanzas: Record<string, Record<string, string>> = {}
  let settings: Record<string, string> = {}
  for (const line of text.split('\n').filter(one => one.trim() !== '' && !one.startsWith('#'))) {
    const header = /^\[(.*)\]$/.exec(line)
    const setting = /^([^\s=][^=]*?) = (.*)$/.exec(line)
    if (header !== null) {
      if (stanzas[header[1]] !== undefined) throw new SyntaxError(`the stanza [${header[1]}] comes twice`)
      settings = {}
      stanzas[header[1]] = settings
    } else if (setting !== null) {
      if (settings[setting[1]] !== undefined) throw new SyntaxError(`${setting[1]} comes twice in a stanza`)
      settings[setting[1]] = setting[2]
    } else throw new SyntaxError(`neither a stanza nor a setting: ${line}`)
  }
  return stanzas
}

/** A lookup table without quoted line ends. */
export function parseCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...rows] = text.trim().split('\n').map(cells)
  return rows.map(row => Object.fromEntries(header.map((name, index) => [name, row[index]])))
}

function cells(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain)
}
