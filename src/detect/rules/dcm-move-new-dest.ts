import Joi from 'joi'
import type { DicomOperation } from '../../protocols/observation.ts'
import { ENTERPRISE, ICS, techniqueUrl } from '../attack.ts'
import { BoundedMap } from '../bounded-map.ts'
import { conversationFilter } from '../capture-filter.ts'
import { endsOf } from '../ends.ts'
import type { InventoryView } from '../inventory-view.ts'
import { AlertLedger } from '../ledger.ts'
import type { Alert, Rule, RuleDescription } from '../rule.ts'
import { type RuleSettings, ruleKeys } from '../rule-settings.ts'
import { counted, deviceWords, hostWords, known, listed } from '../wording.ts'

const SECOND = 1_000_000
const MAX_ARCHIVES = 4096
const MAX_DESTINATIONS = 1024
/** Status of PS3.4 table C.4-2: the archive does not know the destination. */
const DESTINATION_UNKNOWN = '0xA801'

export interface MoveNewDestinationSettings extends RuleSettings {
  readonly known_destinations: readonly string[]
  readonly learning_seconds: number
}

export const moveNewDestinationSchema = Joi.object<MoveNewDestinationSettings>({
  ...ruleKeys(),
  known_destinations: Joi.array()
    .items(Joi.string().max(16))
    .default([])
    .description('AE titles that archives may send studies to')
    .example(['READING_ROOM_1']),
  learning_seconds: Joi.number()
    .min(0)
    .max(31_536_000)
    .default(0)
    .description(
      'destinations used within this many seconds after an archive was first seen are learned silently; 0: every first use alerts',
    ),
})
  .default()
  .description('C-MOVE to a destination that an archive never sent to before')

const DESCRIPTION: RuleDescription = {
  id: 'dcm-move-new-dest',
  name: 'DICOM C-MOVE to a new destination',
  category: 'dicom',
  version: '1',
  severity: 'high',
  reference: techniqueUrl(ENTERPRISE.automatedExfiltration),
  enterprise: [ENTERPRISE.automatedExfiltration],
  ics: [ICS.theftOfOperationalInformation],
  nextSteps: [
    'Ask the PACS administrator whether the destination AE title was configured on purpose, when and by whom.',
    'Find the address behind the destination AE title in the configuration of the archive and see which images it took.',
    'See what else the requester asked the archive for: C-FIND, C-GET and C-MOVE events of the same association.',
    'If the destination is legitimate, add it to detect.dcm-move-new-dest.known_destinations.',
  ],
}

interface Archive {
  readonly firstSeen: number
  /** Destinations of moves that went well. */
  readonly learned: BoundedMap<string, true>
}

/**
 * A destination is known to an archive once a C-MOVE to it completed (PS3.4 C.4.2), or by configuration. Any other destination alerts:
 * with high confidence when the archive has others already, with medium when there is nothing to compare with.
 */
export function createMoveNewDestination(settings: MoveNewDestinationSettings, inventory: InventoryView): Rule {
  const ledger = new AlertLedger(DESCRIPTION, settings.window_seconds * SECOND)
  const archives = new BoundedMap<string, Archive>(MAX_ARCHIVES)
  const configured = new Set(settings.known_destinations)

  function observeMove(move: DicomOperation, destination: string, raise: (alert: Alert) => void): void {
    const [requester, server] = endsOf(move)
    const archive = archiveAt(server, move.end)
    const key = `${server} ${destination}`
    const learning = move.end - archive.firstSeen < settings.learning_seconds * SECOND
    const expected = configured.has(destination) || archive.learned.has(destination) || learning
    if (!expected || ledger.isOpen(key, move.end)) {
      ledger.hit({ ...describe(move, destination, requester, server, archive), key }, raise)
    }
    if (move.outcome === 'success') archive.learned.set(destination, true)
    archives.set(server, archive)
  }

  function archiveAt(address: string, time: number): Archive {
    return archives.getOrCreate(address, () => ({ firstSeen: time, learned: new BoundedMap<string, true>(MAX_DESTINATIONS) }))
  }

  function describe(move: DicomOperation, destination: string, requester: string, server: string, archive: Archive) {
    const { association, status, subOperations, flow } = move
    const others = [...archive.learned.keys()].filter(title => title !== destination)
    const calling = association.callingAeTitle ?? 'unknown AE title'
    return {
      time: move.end,
      flow,
      streamOffset: move.streamOffset,
      severity: DESCRIPTION.severity,
      confidence: others.length > 0 ? 'high' : 'medium',
      message: `${calling} (${requester}) asked ${association.calledAeTitle ?? 'the archive'} (${server}) to send images to the new destination ${destination}`,
      evidence: [
        `Requester: ${calling} at ${hostWords(requester, inventory)}.`,
        `Archive: ${association.calledAeTitle ?? 'unknown AE title'} at ${hostWords(server, inventory)}.`,
        others.length > 0
          ? `No earlier C-MOVE to this archive named ${destination}; it has sent to ${listed(others)}.`
          : `No earlier C-MOVE to this archive named ${destination}, nor any other destination.`,
        destinationWords(destination),
        subOperationWords(move),
      ],
      captureFilter: conversationFilter(requester, server, flow.serverPort),
      fields: known({
        'dicom.calling_ae_title': association.callingAeTitle,
        'dicom.called_ae_title': association.calledAeTitle,
        'dicom.operation': move.operation,
        'dicom.move.destination_ae_title': destination,
        'dicom.status.code': status?.code,
        'dicom.status.class': status?.class,
        'dicom.sub_operations.completed': subOperations?.completed,
        'dicom.sub_operations.failed': subOperations?.failed,
      }),
      denied: move.outcome === 'failure',
    } as const
  }

  function destinationWords(destination: string): string {
    const devices = inventory.devicesWithAeTitle(destination)
    if (devices.length === 0) return `No device of the inventory uses the AE title ${destination}.`
    const words = devices.map(device => [device.ips[0] ?? device.id, deviceWords(device)].filter(part => part !== '').join(' '))
    return `The AE title ${destination} is used by ${listed(words)}.`
  }

  return {
    description: DESCRIPTION,
    looksAt: ['dicom-association', 'dicom-operation'],
    observe(observation, raise) {
      if (observation.kind === 'dicom-association') {
        if (settings.learning_seconds > 0 && observation.result === 'accepted') archiveAt(observation.flow.serverAddress, observation.start)
        return
      }
      if (observation.kind !== 'dicom-operation' || observation.operation !== 'C-MOVE') return
      const destination = observation.moveDestination?.trim()
      if (destination !== undefined && destination !== '') observeMove(observation, destination, raise)
    },
    tick: (time, raise) => ledger.tick(time, raise),
  }
}

function subOperationWords({ status, subOperations }: DicomOperation): string {
  if (status?.code.toUpperCase() === DESTINATION_UNKNOWN.toUpperCase())
    return 'The archive refused: it does not know the destination (0xA801).'
  const answer = status === undefined ? 'No final answer was seen' : `The archive answered ${status.code} (${status.class})`
  if (subOperations?.completed === undefined) return `${answer}.`
  return `${answer}; ${counted(subOperations.completed, 'image')} sent, ${subOperations.failed ?? 0} failed.`
}
