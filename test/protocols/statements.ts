import Joi from 'joi'
import { factsOf } from '../../src/inventory/facts.ts'
import type { FlowHandler } from '../../src/net/flow.ts'
import { ProtocolIdentifier } from '../../src/protocols/identify.ts'
import { DatagramIdentifier } from '../../src/protocols/identify-datagram.ts'
import {
  createDatagramProtocols,
  createLinkProtocols,
  createProtocols,
  type ProtocolSettings,
  protocolsSchema,
} from '../../src/protocols/index.ts'
import type { DeviceIdentity, HostIdentity, Observation } from '../../src/protocols/observation.ts'
import { replayThrough } from '../net/replayed.ts'

/** One statement of a protocol about a host, named by what the message said of it. */
export interface Statement {
  readonly protocol: string
  readonly mac: string | undefined
  readonly address: string | undefined
  readonly attribute: string
  readonly value: string
  readonly field: string
}

/** What the protocols of a capture say of hosts, each statement once; a decoder that throws is an error. */
export async function statementsOf(file: string): Promise<readonly Statement[]> {
  const found = new Map<string, Statement>()
  const note = ({ protocol, subject, facts }: Pick<HostIdentity, 'protocol' | 'subject' | 'facts'>): void => {
    for (const { attribute, value, field } of facts) {
      const statement = { protocol, ...subject, attribute, value, field }
      found.set(JSON.stringify(statement), statement)
    }
  }
  const fail = (protocol: string, error: unknown): never => {
    throw new Error(`the ${protocol} decoder failed`, { cause: error })
  }
  const streams = new ProtocolIdentifier(createProtocols(Joi.attempt({}, protocolsSchema) as ProtocolSettings), {
    pseudonym: (kind, value) => `${kind}:${value.length}`,
    emit: (observation: Observation) => {
      if (observation.kind === 'device-identity') note({ ...observation, subject: endOf(observation) })
    },
    onFailure: fail,
  })
  const datagrams = new DatagramIdentifier(createDatagramProtocols(), createLinkProtocols(), { emit: note, onFailure: fail })
  const handler: FlowHandler = {
    opened: () => undefined,
    data: (...report) => streams.data(...report),
    gap: (...report) => streams.gap(...report),
    halfClosed: (...report) => streams.halfClosed(...report),
    datagram: (...report) => datagrams.datagram(...report),
    link: (protocol, bytes, offset, length, sourceMac, interfaceIndex, vlanId, time) =>
      datagrams.link(protocol, { bytes, offset, length, sourceMac, interfaceIndex, vlanId, time }),
    ended: (flow, end, time) => {
      streams.ended(flow, end, time)
      datagrams.ended(flow)
    },
  }
  await replayThrough(file, handler)
  return [...found.values()]
}

function endOf({ flow, about }: DeviceIdentity): HostIdentity['subject'] {
  return { mac: undefined, address: about === 'client' ? flow.clientAddress : flow.serverAddress }
}

const OF_PRODUCTS: ReadonlySet<string> = new Set(['manufacturer', 'model', 'serial_number', 'firmware_version'])

/** Makes, models and firmware that statements and the knowledge tables give: `model: cisco 1601 (medium)`. */
export function productsOf(statements: readonly Statement[]): readonly string[] {
  const facts = statements.flatMap(known).filter(({ attribute }) => OF_PRODUCTS.has(attribute))
  return [...new Set(facts.map(({ attribute, value, raw, confidence }) => `${attribute}: ${value ?? raw} (${confidence})`))]
}

/** A statement as the inventory takes it in. */
function known({ attribute, value, protocol, field }: Statement): ReturnType<typeof factsOf> {
  return factsOf(attribute as DeviceIdentity['facts'][number]['attribute'], value, protocol as HostIdentity['protocol'], field)
}

/** The operating systems that the knowledge tables make of statements: `Windows 10 1511 10.0.10586 (medium)`. */
export function systemsOf(statements: readonly Statement[]): readonly string[] {
  const systems = statements.flatMap(statement => {
    const facts = known(statement)
    const os = facts.find(fact => fact.attribute === 'os')
    const version = facts.find(fact => fact.attribute === 'os_version')
    return os === undefined ? [] : [`${os.value}${version === undefined ? '' : ` ${version.value ?? version.raw}`} (${os.confidence})`]
  })
  return [...new Set(systems)]
}
