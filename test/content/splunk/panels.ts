/** What tokens stand for when nobody has chosen anything. */
const TOKENS: Readonly<Record<string, string>> = { sensor: '*', device_type: '*', name: '*', severity: '21' }
/** Devices of the demo that between them have done everything: archive, scanner, monitor, HIS, and the one with vulnerabilities. */
export const INVESTIGATED = ['10.20.0.20', '10.20.0.11', '10.20.0.60', '10.20.0.40', '10.20.0.50'] as const

export function filledQuery(query: string, device: string = INVESTIGATED[0]): string {
  return query.replace(/\$(\w+)\$/g, (_, token: string) => (token === 'device' ? device : TOKENS[token]))
}

/** A search for each device where it asks for one. */
export function investigated(query: string): readonly string[] {
  return query.includes('$device$') ? INVESTIGATED.map(device => filledQuery(query, device)) : [filledQuery(query)]
}
