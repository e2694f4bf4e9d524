import { tsharkText } from './tshark.ts'

// What tshark reads of DICOM's upper layer and of DIMSE, as statements that the decoder's are held against.

/** A presentation context or user information, while its lines pass. */
interface Associate {
  readonly word: 'request' | 'accept'
  readonly titles: string
  readonly statements: string[]
  context: { id: number; result: number; abstractSyntax: string; readonly transferSyntaxes: Set<string> } | undefined
  role: { uid: string; scu: number } | undefined
}

const ASSOCIATE = /^ {4}A-ASSOCIATE (request|accept) +(.*?) (?:-->|<--) (.*?)$/
const TOP = /^DICOM, |^Frame /
const SECTION = /^ {8}(\S.*)$/
const DETAIL = /^ {12,16}([A-Za-z.-][A-Za-z. /-]*?): (.*)$/
const COMMAND = /^ {4}PDV, /
const CONTEXT = /^ {8}Context: 0x([0-9a-f]{2}) /
const FLAGS = /^ {8}Flags: 0x([0-9a-f]{2}) /
const ELEMENT = /^ {8}\(0000,([0-9a-f]{4})\) +\d+ .*? {2,}(.*)$/

/** Statements of every A-ASSOCIATE-RQ and -AC, sorted. */
export function tsharkNegotiation(file: string): readonly string[] {
  const found: string[] = []
  let current: Associate | undefined
  const close = (): void => {
    if (current === undefined) return
    closeContext(current)
    found.push(...current.statements)
    current = undefined
  }
  for (const line of tsharkText(file)) {
    const begin = ASSOCIATE.exec(line)
    if (TOP.test(line) || begin) close()
    if (begin) {
      const word = begin[1] as Associate['word']
      current = { word, titles: `${begin[2]} > ${begin[3]}`, statements: [], context: undefined, role: undefined }
      current.statements.push(`${current.titles}: ${word}`)
    } else if (current !== undefined) readLine(current, line)
  }
  close()
  return found.sort()
}

function readLine(associate: Associate, line: string): void {
  const section = SECTION.exec(line)?.[1]
  if (section !== undefined) {
    closeContext(associate)
    if (section.startsWith('Presentation Context: '))
      associate.context = { id: 0, result: 0, abstractSyntax: '', transferSyntaxes: new Set() }
    return
  }
  const detail = DETAIL.exec(line)
  if (detail === null) return
  const [, name, value] = detail
  if (associate.context !== undefined) readContext(associate.context, name, value)
  else readUserInformation(associate, name, value, line)
}

function readContext(context: NonNullable<Associate['context']>, name: string, value: string): void {
  if (name === 'Context ID') context.id = Number(value)
  else if (name === 'Result') context.result = Number(/\((0x[0-9a-f]+)\)/.exec(value)?.[1])
  else if (name === 'Abstract Syntax') context.abstractSyntax = uidOf(value)
  else if (name === 'Transfer Syntax') context.transferSyntaxes.add(uidOf(value))
}

function closeContext(associate: Associate): void {
  const { context, word } = associate
  associate.context = undefined
  if (context === undefined) return
  const syntaxes = [...context.transferSyntaxes]
  const said =
    word === 'request'
      ? `${context.abstractSyntax} [${syntaxes}]`
      : `result ${context.result}${context.result === 0 ? ` ${syntaxes[0]}` : ''}`
  associate.statements.push(`${associate.titles}: ${word} context ${context.id} ${said}`)
}

/** Items stand twelve characters in, their parts sixteen. */
function readUserInformation(associate: Associate, name: string, value: string, line: string): void {
  const say = (text: string): void => void associate.statements.push(`${associate.titles}: ${associate.word} ${text}`)
  const isPart = line.startsWith(' '.repeat(16))
  if (name === 'Max PDU Length' && isPart) say(`maximum ${value}`)
  else if (name === 'Implementation Class UID') say(`class ${uidOf(value)}`)
  else if (name === 'Implementation Version' && isPart) say(`version ${value.trim()}`)
  else if (name === 'Async Negotiation') say(`window ${value.replace(/[^0-9]+/g, ' ').trim()}`)
  else if (name === 'Ext. Neg.') say(`extended ${uidOf(value)}`)
  else if (name === 'Type' && isPart) say(`identity type ${/\((\d)\)$/.exec(value)?.[1]}`)
  else if (name === 'Response Requested') say(`identity response ${value}`)
  else if (name === 'SOP Class UID' && isPart) associate.role = { uid: uidOf(value), scu: 0 }
  else if (name === 'SCU-role' && associate.role !== undefined) associate.role.scu = Number(value)
  else if (name === 'SCP-role' && isPart && associate.role !== undefined) {
    say(`role ${associate.role.uid} scu ${associate.role.scu} scp ${Number(value)}`)
    associate.role = undefined
  }
}

/** `Name (1.2.3)` or `1.2.3 (Name)` or `1.2.3`. */
function uidOf(text: string): string {
  return /(?:^|\()([0-9]+(?:\.[0-9]+)+)(?=\)|\s|$)/.exec(text)?.[1] ?? text
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['0002', 'class'],
  ['0003', 'class'],
  ['0100', 'command'],
  ['0110', 'id'],
  ['0120', 'answers'],
  ['0600', 'destination'],
  ['0900', 'status'],
  ['1000', 'instance'],
  ['1001', 'instance'],
  ['1020', 'remaining'],
  ['1021', 'completed'],
  ['1022', 'failed'],
  ['1023', 'warning'],
])

/** Every command with its presentation context, ids, SOP class and instance, status and sub-operations, sorted. */
export function tsharkCommands(file: string): readonly string[] {
  const found: string[] = []
  let fields: Map<string, string> | undefined
  const close = (): void => {
    if (fields?.has('command')) found.push(commandStatement(fields))
    fields = undefined
  }
  for (const line of tsharkText(file)) {
    if (TOP.test(line) || COMMAND.test(line)) close()
    if (COMMAND.test(line)) fields = new Map()
    if (fields === undefined) continue
    const context = CONTEXT.exec(line)?.[1]
    if (context !== undefined) fields.set('context', String(Number.parseInt(context, 16)))
    const flags = FLAGS.exec(line)?.[1]
    if (flags !== undefined && (Number.parseInt(flags, 16) & 1) === 0) fields = undefined
    const element = ELEMENT.exec(line)
    const name = NAMES.get(element?.[1] ?? '')
    if (element !== null && name !== undefined) fields?.set(name, element[2].trim())
  }
  close()
  return found.sort()
}

/** Names and numbers in one order, whoever says them. */
export function commandStatement(fields: ReadonlyMap<string, string>): string {
  const value = (name: string): string => {
    const text = fields.get(name) ?? '-'
    if (name === 'status')
      return text === '-'
        ? text
        : `0x${Number(/0x[0-9a-f]+/i.exec(text)?.[0])
            .toString(16)
            .padStart(4, '0')}`
    return name === 'class' || name === 'instance' ? uidOf(text) : text
  }
  return ['command', ...[...new Set(NAMES.values())].filter(name => name !== 'command'), 'context']
    .map(name => `${name} ${value(name)}`)
    .join(', ')
}
