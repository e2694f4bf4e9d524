/** The seven datasets of the event contract. */
export const DATASETS = [
  'wardwire.dicom',
  'wardwire.hl7',
  'wardwire.flow',
  'wardwire.asset',
  'wardwire.alert',
  'wardwire.vulnerability',
  'wardwire.health',
] as const
export type Dataset = (typeof DATASETS)[number]

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
/** A nested ECS document: every leaf is a field of `mappings/fields.yml`. */
export type EcsDocument = { readonly [key: string]: Json | undefined }

/** An event on its way to the queue. */
export interface WardwireEvent {
  /** Same for the same input on every run and retry: 32 hex digits. Also `document.event.id`. */
  readonly id: string
  readonly dataset: Dataset
  readonly document: EcsDocument
}

/** What the queue stores and the outputs read: the document once encoded. */
export interface EncodedEvent {
  readonly id: string
  readonly dataset: Dataset
  /** Packet time, µs since 1970 UTC. */
  readonly time: number
  /** One JSON object, no newline. */
  readonly json: string
}
