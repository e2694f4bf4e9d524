import { execFileSync, spawnSync } from 'node:child_process'

/** What tshark sees in a capture, in the words of the event contract. */
export interface Testimony {
  /** `calling > called: requested` and `… : accepted | rejected`, sorted. */
  readonly associations: readonly string[]
  readonly contexts: { readonly proposed: number; readonly accepted: number }
  /** DIMSE requests by command. */
  readonly commands: Readonly<Record<string, number>>
  /** `type^trigger control-id`, without acknowledgments, sorted. */
  readonly messages: readonly string[]
  /** Acknowledgment codes with the control id that they answer, sorted; undefined where tshark did not see them all. */
  readonly acknowledgments: readonly string[] | undefined
}

const DICOM_PORTS = [104, 4242, 11112, 50123]
const HL7_PORTS = [2575, 2577, 2578, 2579, 6661]

export const TSHARK_IS_MISSING = spawnSync('tshark', ['--version']).error !== undefined

const DECODE_AS = [...DICOM_PORTS.map(port => `tcp.port==${port},dicom`), ...HL7_PORTS.map(port => `tcp.port==${port},hl7`)].flatMap(
  rule => ['-d', rule],
)

/** `without`: client ports of connections that it is not to look at. */
export function tsharkTestimony(file: string, without: readonly number[] = []): Testimony {
  return readTestimony(tsharkText(file, without))
}

/** Every line of tshark's dissection. Two passes, because in one it skips the first message on a port that it does not know. */
export function tsharkText(file: string, without: readonly number[] = []): readonly string[] {
  const filter = without.length === 0 ? [] : ['-Y', `!(tcp.port in {${without.join(',')}})`]
  return tshark('-2', '-r', file, ...DECODE_AS, ...filter, '-V', '-O', 'dicom,hl7').split('\n')
}

/** Let tshark write every data set and command that it can put together into a folder, as DICOM files. */
export function tsharkExport(file: string, folder: string): void {
  const preferences = ['-o', 'dicom.export_header:TRUE', '-o', 'dicom.export_minsize:0']
  tshark('-q', '-2', '-r', file, ...DECODE_AS, ...preferences, '--export-objects', `dicom,${folder}`)
}

function tshark(...args: readonly string[]): string {
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 })
}

const ASSOCIATION = /^ {4}A-ASSOCIATE (request|accept|reject) +(.*?) (?:-->|<--) (.*?)(?: \(.*\))?$/
const PROPOSED = /^ {8}Presentation Context: (?!ID 0x)/
const ACCEPTED = /^ {8}Presentation Context: ID 0x[0-9a-f]+, Accept,/
const COMMAND = /^ {4}PDV, ([CN]-[A-Z-]+?)-RQ(?: |$)/
const SEGMENT = /^ {4}([A-Z][A-Z0-9]{2}) \(/
const FIELD = /^ {8}field (\d+): (.*)$/

function readTestimony(lines: readonly string[]): Testimony {
  const associations: string[] = []
  const contexts = { proposed: 0, accepted: 0 }
  const commands: Record<string, number> = {}
  const segments: { readonly name: string; readonly fields: Map<number, string> }[] = []
  for (const line of lines) {
    const association = ASSOCIATION.exec(line)
    if (association) associations.push(`${association[2]} > ${association[3]}: ${association[1]}`)
    if (PROPOSED.test(line)) contexts.proposed++
    if (ACCEPTED.test(line)) contexts.accepted++
    const command = COMMAND.exec(line)?.[1]
    if (command !== undefined) commands[command] = (commands[command] ?? 0) + 1
    const segment = SEGMENT.exec(line)?.[1]
    if (segment !== undefined) segments.push({ name: segment, fields: new Map() })
    const field = FIELD.exec(line)
    if (field) segments.at(-1)?.fields.set(Number(field[1]), field[2] ?? '')
  }
  const headers = segments
    .filter(({ name }) => name === 'MSH')
    .map(({ fields }) => ({ type: fields.get(9) ?? '', id: fields.get(10) ?? '' }))
  const messages = headers.filter(({ type }) => !/^(ACK|RSP)/.test(type))
  const answers = segments.filter(({ name }) => name === 'MSA')
  return {
    associations: associations.sort(),
    contexts,
    commands,
    messages: messages.map(({ type, id }) => `${type.split('^').slice(0, 2).join('^')} ${id}`).sort(),
    acknowledgments: sawEveryAnswer(headers.length - messages.length, answers.length)
      ? answers.map(({ fields }) => `${fields.get(2)} ${fields.get(3)}`).sort()
      : undefined,
  }
}

/** tshark drops a last segment without CR, which is the MSA of what node-hl7-server and python-hl7 answer. */
function sawEveryAnswer(acknowledgments: number, answers: number): boolean {
  return acknowledgments === answers
}
