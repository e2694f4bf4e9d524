import { formatIpv4 } from '../../net/addresses.ts'
import type { Datagram, DatagramProtocol, EmitHost } from '../datagram.ts'
import type { HostSubject, IdentityFact } from '../observation.ts'
import { clientFacts } from './identity.ts'
import { type DhcpMessage, isDhcp, MessageType, readMessage } from './message.ts'
import { Option } from './options.ts'

export { dhcpv6 } from './v6.ts'

/**
 * DHCP for IPv4. Whom a message is about is its client hardware address, which a relay keeps: the flow's ends are 0.0.0.0, broadcast or the
 * relay. An address counts as the client's once it is in use (`ciaddr`) or the server has granted it.
 */
export function dhcp(): DatagramProtocol {
  return { name: 'dhcp', ports: [67, 68], onAnyPort: true, read }
}

function read({ bytes, offset, length, time }: Datagram, emit: EmitHost): boolean {
  if (!isDhcp(bytes, offset, length)) return false
  const message = readMessage(bytes, offset, length)
  if (message === undefined) return false
  const tell = (subject: HostSubject, facts: readonly IdentityFact[]): void => {
    if (facts.length > 0 && (subject.mac ?? subject.address) !== undefined)
      emit({ kind: 'host-identity', protocol: 'dhcp', subject, time, facts })
  }
  if (message.fromServer) tellOfServer(message, tell)
  else tell({ mac: message.clientMac, address: addressOf(message.clientAddress) }, clientFacts(message))
  return true
}

function tellOfServer(message: DhcpMessage, tell: (subject: HostSubject, facts: readonly IdentityFact[]) => void): void {
  const { type, options, clientMac, yourAddress } = message
  if (type !== MessageType.OFFER && type !== MessageType.ACK) return
  const server = addressOf(options.get(Option.SERVER_IDENTIFIER).uint32())
  tell({ mac: undefined, address: server }, [{ attribute: 'service', value: 'dhcp', field: 'option 54' }])
  const granted = type === MessageType.ACK ? addressOf(yourAddress) : undefined
  if (granted !== undefined) tell({ mac: clientMac, address: granted }, [{ attribute: 'ip', value: granted, field: 'yiaddr' }])
}

function addressOf(word: number): string | undefined {
  return word === 0 ? undefined : formatIpv4(word)
}
