import Table from 'cli-table3'

/** What a receiver has of a thing that is shipped: it as shipped, another in its place, or none. */
export type ContentState = 'same' | 'different' | 'missing'

/** What an installation did to a thing, or would do. `kept`: it differs, and is not ours to change. */
export type Change = 'created' | 'updated' | 'unchanged' | 'kept'

export interface Step {
  readonly noun: string
  readonly name: string
  readonly change: Change
}

/** A thing that was asked for. */
export interface Checked {
  readonly noun: string
  readonly name: string
  readonly state: ContentState
}

/** What a verification found. */
export interface Verification {
  /** Whether all is there, as shipped, and sensors are heard of. */
  readonly ok: boolean
  /** For the operator. */
  readonly text: string
}

/** When a place for events was last written to. */
export interface Arrival {
  readonly place: string
  /** Milliseconds since 1970 UTC; undefined while it is empty. */
  readonly latest: number | undefined
  readonly lastDay: number
}

/** Health events come each minute. */
const SILENT_MINUTES = 15
/** No colours, so that a redirected table is plain text, and no line between rows. */
const PLAIN = { head: [], border: [], compact: true }
const PLANNED: Readonly<Record<Change, string>> = {
  created: 'would be created',
  updated: 'would be updated',
  unchanged: 'unchanged',
  kept: 'kept as it is',
}
const DONE: Readonly<Record<Change, string>> = { created: 'created', updated: 'updated', unchanged: 'unchanged', kept: 'kept as it is' }

/** What was done, or would be done in a dry run: a line for each thing, then how many of each. */
export function installReport(receiver: string, steps: readonly Step[], dryRun: boolean, hints: readonly string[] = []): string {
  const said = dryRun ? PLANNED : DONE
  const count = (change: Change): number => steps.filter(step => step.change === change).length
  const counts = (['created', 'updated', 'unchanged', 'kept'] as const)
    .filter(change => change !== 'kept' || count(change) > 0)
    .map(change => `${count(change)} ${said[change]}`)
  const lines = steps.map(({ noun, name, change }) => `${said[change]}: ${noun} ${name}`)
  return [receiver, ...lines, `${counts.join(', ')}${dryRun ? ' (dry run: nothing was changed)' : ''}`, ...hints].join('\n')
}

/** How many things of each kind are there. */
export function contentTable(things: readonly Checked[]): string {
  const table = plainTable('Content', 'Shipped', 'As shipped', 'Different', 'Missing')
  for (const noun of new Set(things.map(thing => thing.noun))) {
    const of = things.filter(thing => thing.noun === noun)
    const count = (state: ContentState): number => of.filter(thing => thing.state === state).length
    table.push([noun, of.length, count('same'), count('different'), count('missing')])
  }
  return table.toString()
}

/** The line about a thing that is not as it should be; none where it is. */
export function contentProblem({ noun, name, state }: Checked): readonly string[] {
  if (state === 'same') return []
  return [`${state === 'missing' ? 'missing' : 'not as shipped'}: ${noun} ${name}`]
}

/** When events last came, under headings for the places that they went to and for the time. */
export function arrivalTable(arrivals: readonly Arrival[], place: string, latest: string): string {
  const table = plainTable(place, latest, 'Events in the last day')
  for (const arrival of arrivals)
    table.push([arrival.place, arrival.latest === undefined ? 'never' : new Date(arrival.latest).toISOString(), arrival.lastDay])
  return table.toString()
}

/** Only the sensor's own events come all the time: a hospital may well be without alerts. */
export function silence({ place, latest }: Arrival): readonly string[] {
  if (latest !== undefined && Date.now() - latest < SILENT_MINUTES * 60_000) return []
  const since = latest === undefined ? 'No sensor has written here yet' : `No sensor wrote in the last ${SILENT_MINUTES} minutes`
  return [`${since} (${place}): start one with this output, or look at its log`]
}

/** A table for a terminal or a file. */
export function plainTable(...head: readonly string[]): Table.Table {
  return new Table({ head: [...head], style: PLAIN })
}
