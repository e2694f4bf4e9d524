import { join } from 'node:path'
import { DATASETS, type Dataset, type EcsDocument } from '../../../src/normalize/event.ts'
import { replayEvents } from '../../../src/sensor.ts'
import { loadCase, matching, stableLine, withCapture } from '../../golden/case.ts'

const GOLDEN = join(import.meta.dirname, '..', '..', 'golden')
/** The capture that holds an event of every dataset. */
const CAPTURE = 'demo-hospital'

/** The event of each dataset that the package shows: the first that meets this. */
const CHOSEN: Readonly<Partial<Record<Dataset, Readonly<Record<string, string>>>>> = {
  'wardwire.dicom': { 'event.action': 'dicom-store' },
  'wardwire.hl7': { 'event.action': 'hl7-message', 'device.manufacturer': 'Roche Diagnostics' },
  'wardwire.flow': { 'device.manufacturer': 'Siemens Healthineers' },
  'wardwire.asset': { 'device.model.name': 'SOMATOM Definition AS' },
  'wardwire.alert': { 'rule.id': 'dcm-ae-brute' },
  'wardwire.health': { 'event.action': 'sensor-health' },
}

/** Sample events as the sensor makes them of a golden capture, by dataset. */
export async function chosenEvents(): Promise<ReadonlyMap<Dataset, string>> {
  const documents = await withCapture(loadCase(GOLDEN, CAPTURE), file => replayEvents([file], { sensorId: 'sensor-1' }))
  const samples = new Map<Dataset, string>()
  for (const dataset of DATASETS) {
    const chosen = CHOSEN[dataset]
    if (chosen === undefined) continue
    const [event] = matching(documents, { 'event.dataset': dataset, ...chosen })
    if (event === undefined) throw new Error(`${CAPTURE} has no event of ${dataset} with ${JSON.stringify(chosen)}`)
    samples.set(dataset, sampleText(event))
  }
  return samples
}

/** Indented, keys in order, without the version of the build that replays. */
function sampleText(document: EcsDocument): string {
  return `${JSON.stringify(JSON.parse(stableLine(document)), null, 2)}\n`
}
