import { BufferPool } from '../../src/protocols/dicom/buffer-pool.ts'
import type { Command } from '../../src/protocols/dicom/command.ts'
import { MessageAssembler } from '../../src/protocols/dicom/message.ts'
import { PduReader } from '../../src/protocols/dicom/pdu.ts'
import { operationOf, RESPONSE } from '../../src/protocols/dicom/words.ts'
import type { DicomAssociation } from '../../src/protocols/observation.ts'
import { conversations } from '../protocols/replay.ts'
import { commandStatement } from './dicom-tshark.ts'

/** Every command that the decoder's readers find in a capture, as statements, sorted. */
export async function commandsOnWire(file: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const { happenings } of await conversations(file)) {
    const readers = [0, 1].map(() => reader((command, contextId) => found.push(statementOf(command, contextId))))
    for (const happening of happenings)
      if (happening.kind === 'data') readers[happening.direction].feed(happening.bytes, 0, happening.bytes.length, happening.time)
  }
  return found.sort()
}

function reader(onCommand: (command: Command, contextId: number) => void): PduReader {
  const assembler = new MessageAssembler(
    { commandLimit: 65_536, headLimit: 65_536, hashes: false, pool: new BufferPool(1 << 24) },
    {
      command: onCommand,
      dataset: () => undefined,
      encoding: () => undefined,
      violation: code => {
        throw new Error(`violation: ${code}`)
      },
      overfull: () => undefined,
      commandOverlong: () => undefined,
    },
  )
  return new PduReader(1 << 20, false, {
    control: () => undefined,
    dataPdu: () => undefined,
    fragmentStart: (contextId, flags) => assembler.fragmentStart(contextId, flags),
    fragmentData: (data, offset, length) => assembler.fragmentData(data, offset, length),
    fragmentEnd: end => assembler.fragmentEnd(end),
    violation: () => undefined,
    lost: () => assembler.reset(),
    damaged: () => assembler.damaged(),
    overlong: () => undefined,
  })
}

function statementOf(command: Command, contextId: number): string {
  const name = `${operationOf(command.field)?.name}-${(command.field & RESPONSE) === 0 ? 'RQ' : 'RSP'}`
  const fields = {
    command: name === 'C-CANCEL-RQ' ? 'C-CANCEL-RQ' : name,
    context: contextId,
    class: command.sopClass,
    id: command.messageId,
    answers: command.respondedTo,
    destination: command.moveDestination,
    status: command.status === undefined ? undefined : `0x${command.status.toString(16)}`,
    instance: command.sopInstance,
    remaining: command.remaining,
    completed: command.completed,
    failed: command.failed,
    warning: command.warning,
  }
  return commandStatement(
    new Map(Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const]))),
  )
}

/** What an association's observation says of its negotiation, in the words of tshark's statements. */
export function negotiationOf(association: DicomAssociation): readonly string[] {
  const { contexts, requestor, acceptor, asyncWindow, userIdentity, extendedNegotiation } = association
  const titles = `${association.association.callingAeTitle} > ${association.association.calledAeTitle}`
  const request: string[] = ['']
  const accept: string[] = association.result === 'accepted' ? [''] : []
  for (const { id, abstractSyntax, transferSyntaxes, result, acceptedTransferSyntax, roleSelection } of contexts) {
    request.push(` context ${id} ${abstractSyntax} [${[...new Set(transferSyntaxes)]}]`)
    if (result !== undefined) accept.push(` context ${id} result ${result}${result === 0 ? ` ${acceptedTransferSyntax}` : ''}`)
    if (roleSelection === undefined) continue
    const role = ({ scu, scp }: { readonly scu: boolean; readonly scp: boolean }): string =>
      ` role ${abstractSyntax} scu ${+scu} scp ${+scp}`
    request.push(role(roleSelection))
    if (roleSelection.accepted !== undefined) accept.push(role(roleSelection.accepted))
  }
  for (const [said, party] of [
    [request, requestor],
    [accept, acceptor],
  ] as const) {
    if (said.length === 0) continue
    if (party.maxPduBytes !== undefined) said.push(` maximum ${party.maxPduBytes}`)
    if (party.classUid !== undefined) said.push(` class ${party.classUid}`)
    if (party.version !== undefined) said.push(` version ${party.version}`)
  }
  if (asyncWindow !== undefined) request.push(` window ${asyncWindow.invoked} ${asyncWindow.performed}`)
  for (const uid of extendedNegotiation) request.push(` extended ${uid}`)
  if (userIdentity !== undefined) {
    request.push(` identity type ${IDENTITY_TYPES.indexOf(userIdentity.type)}`)
    request.push(` identity response ${+userIdentity.responseRequested}`)
  }
  return [...request.map(text => `${titles}: request${text}`), ...accept.map(text => `${titles}: accept${text}`)]
}

const IDENTITY_TYPES = ['', 'username', 'username_passcode', 'kerberos', 'saml', 'jwt']
