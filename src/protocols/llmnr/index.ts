import { type Datagram, type DatagramProtocol, type EmitHost, neighbourSender } from '../datagram.ts'
import { addressOf, RecordType, readDnsMessage } from '../dns/message.ts'
import { hostName } from '../text.ts'

/**
 * Link-local multicast name resolution (RFC 4795), in the format of DNS. A host answers for its own name (§2.1), and asks for records of any
 * type of its own name to see that nobody else has it (§4.1); other questions tell nothing of who asks.
 */
export function llmnr(): DatagramProtocol {
  return { name: 'llmnr', ports: [5355], onAnyPort: false, read }
}

function read(datagram: Datagram, emit: EmitHost): boolean {
  const message = readDnsMessage(datagram.bytes, datagram.offset, datagram.length)
  if (message === undefined || message.opcode !== 0) return false
  const [question] = message.questions
  const own = message.isResponse
    ? message.answers.find(answer => addressOf(answer) !== undefined)?.name
    : question?.type === RecordType.ANY
      ? question.name
      : undefined
  const name = own === undefined ? undefined : hostName(own)
  if (name === undefined) return true
  const field = message.isResponse ? 'answer' : 'uniqueness query'
  emit({
    kind: 'host-identity',
    protocol: 'llmnr',
    subject: neighbourSender(datagram),
    time: datagram.time,
    facts: [{ attribute: 'hostname', value: name, field }],
  })
  return true
}
