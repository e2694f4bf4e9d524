import type { Alert } from '../detect/rule.ts'
import type { Device, InventoryChange } from '../inventory/device.ts'
import { createRedaction, type Patients } from '../privacy/redaction.ts'
import type { Observation } from '../protocols/observation.ts'
import { WardwireError } from '../telemetry/error.ts'
import { alertEvent } from './alert.ts'
import { assetEvent } from './asset.ts'
import { catalogue, checkDocument } from './catalogue.ts'
import { type Context, ECS_VERSION, type Fields } from './common.ts'
import { associationEvent, operationEvent, storeEvent } from './dicom.ts'
import type { EcsDocument, EncodedEvent, WardwireEvent } from './event.ts'
import { flowEvent } from './flow.ts'
import { type HealthReport, healthEvent } from './health.ts'
import { messageEvent, observationsEvent } from './hl7.ts'
import { dicomWebEvent, fhirEvent } from './http.ts'
import { encodeDocument, share } from './shared.ts'
import { microseconds } from './time.ts'

export interface NormalizerOptions {
  readonly sensorId: string
  readonly sensorName: string
  readonly hostname: string
  readonly version: string
  /** Names of the capture interfaces by index. */
  readonly interfaces: () => readonly string[]
  readonly deviceAt: (address: string) => Device | undefined
  /** The time at which an event about `packetTime` is made; both µs. In a replay the packet time itself. */
  readonly now: (packetTime: number) => number
  readonly patients: Patients
  /** Hold every document against the catalogue, and throw on the first that does not fit. */
  readonly strict: boolean
}

/** Makes one ECS document of each thing that the sensor found out. */
export class Normalizer {
  readonly #options: NormalizerOptions
  readonly #context: Context
  readonly #redact: (document: EcsDocument) => EcsDocument

  constructor(options: NormalizerOptions) {
    this.#options = options
    this.#context = createContext(options)
    this.#redact = createRedaction(catalogue().values(), options.patients)
  }

  /** Undefined for observations that are for the inventory only, or that another event carries. */
  observation(observation: Observation): WardwireEvent | undefined {
    const event = this.#describe(observation)
    return event && this.#release(event)
  }

  alert(alert: Alert): WardwireEvent {
    return this.#release(alertEvent(this.#context, alert))
  }

  asset(change: InventoryChange): WardwireEvent {
    return this.#release(assetEvent(this.#context, change))
  }

  health(report: HealthReport): WardwireEvent {
    return this.#release(healthEvent(this.#context, report))
  }

  #describe(observation: Observation): WardwireEvent | undefined {
    switch (observation.kind) {
      case 'dicom-association':
        return associationEvent(this.#context, observation)
      case 'dicom-operation':
        return operationEvent(this.#context, observation)
      case 'dicom-store':
        return storeEvent(this.#context, observation)
      case 'hl7-message':
        return messageEvent(this.#context, observation)
      case 'hl7-observations':
        return observationsEvent(this.#context, observation)
      case 'dicomweb-request':
        return dicomWebEvent(this.#context, observation)
      case 'fhir-interaction':
        return fhirEvent(this.#context, observation)
      case 'flow-ended':
        return flowEvent(this.#context, observation)
      case 'dicom-instance':
      case 'tls-handshake':
      case 'device-identity':
        return undefined
    }
  }

  /** The last gate before an event leaves the stage. */
  #release(event: WardwireEvent): WardwireEvent {
    const document = this.#redact(event.document)
    if (this.#options.strict) demandConformance(document, this.#options.patients)
    return document === event.document ? event : { ...event, document }
  }
}

/** The document as the queue stores it. */
export function encodeEvent(event: WardwireEvent): EncodedEvent {
  const { id, dataset, document } = event
  return { id, dataset, time: microseconds(String(document['@timestamp'])), json: encodeDocument(document) }
}

function demandConformance(document: EcsDocument, patients: Patients): void {
  const [first] = checkDocument(document, patients)
  if (first === undefined) return
  throw new WardwireError('document_not_in_catalogue', `an event does not fit mappings/fields.yml: ${first.field}: ${first.problem}`, {
    mend: 'add or correct the field in mappings/fields.yml, or correct the code that made the event',
  })
}

function createContext(options: NormalizerOptions): Context {
  const { sensorId, sensorName, hostname, version } = options
  const sensor: Fields = share({ vendor: 'wardwire', product: 'wardwire', type: 'sensor', version, name: sensorName, hostname })
  const observers = new Map<string, Fields>()
  let sequence = 0
  return {
    sensorId,
    sensorName,
    ecs: share({ version: ECS_VERSION }),
    observer(interfaceName) {
      if (!interfaceName) return sensor
      let observer = observers.get(interfaceName)
      if (observer === undefined) {
        observer = share({ ...sensor, ingress: { interface: { name: interfaceName } } })
        observers.set(interfaceName, observer)
      }
      return observer
    },
    interfaceName: index => options.interfaces()[index],
    deviceAt: options.deviceAt,
    now: options.now,
    nextSequence: () => ++sequence,
  }
}
