import type { Alert, Severity, Technique } from '../detect/rule.ts'
import { FROM_CLIENT } from '../net/flow.ts'
import { catalogue } from './catalogue.ts'
import { type Context, compact, distinct, eventId, type Fields, list } from './common.ts'
import type { Json, WardwireEvent } from './event.ts'
import { networkEvent } from './network.ts'
import { date, nanoseconds } from './time.ts'

/** Elastic's levels, which its triage understands without a rule. */
const SEVERITY: Readonly<Record<Severity, number>> = { low: 21, medium: 47, high: 73, critical: 99 }

const CATEGORIES = ['intrusion_detection', 'network']
const INFO_TYPES = ['info']
const DENIED_TYPES = ['info', 'denied']

/** A detection, or an update of one. */
export function alertEvent(context: Context, alert: Alert): WardwireEvent {
  const { rule } = alert
  const event = networkEvent(context, {
    flow: alert.flow,
    streamOffset: alert.streamOffset,
    dataset: 'wardwire.alert',
    kind: 'alert',
    category: CATEGORIES,
    type: alert.denied ? DENIED_TYPES : INFO_TYPES,
    action: alert.action,
    outcome: alert.denied ? 'failure' : 'unknown',
    time: alert.lastSeen,
    start: alert.firstSeen,
    end: alert.lastSeen,
    duration: nanoseconds(alert.lastSeen - alert.firstSeen),
    severity: SEVERITY[alert.severity],
    sender: FROM_CLIENT,
    discriminator: `${rule.id} ${alert.key} ${alert.count} ${alert.lastSeen}`,
    protocol: rule.category === 'dicom' || rule.category === 'hl7' ? rule.category : undefined,
    counters: false,
    about: 'server',
    message: alert.message,
    partial: [],
    body: {
      rule: { id: rule.id, name: rule.name, category: rule.category, version: rule.version, reference: rule.reference || undefined },
      threat: threatFields(rule.enterprise),
      // The places, in the order of all documents, of what `fields` may bring.
      tls: undefined,
      dicom: undefined,
      hl7: undefined,
    },
    wardwire: {
      alert: {
        id: eventId(context.sensorId, rule.id, alert.key, alert.firstSeen),
        confidence: alert.confidence,
        count: alert.count,
        first_seen: date(alert.firstSeen),
        last_seen: date(alert.lastSeen),
        evidence: list(alert.evidence),
        next_steps: list(rule.nextSteps),
        capture_filter: alert.captureFilter || undefined,
      },
      attack: rule.ics.length > 0 ? { ics: { id: rule.ics.map(({ id }) => id), name: rule.ics.map(({ name }) => name) } } : undefined,
    },
  })
  return { ...event, document: withFields(event.document, alert.fields) }
}

function threatFields(techniques: readonly Technique[]): Fields | undefined {
  if (techniques.length === 0) return undefined
  const sub = techniques.filter(({ id }) => id.includes('.'))
  return {
    framework: 'MITRE ATT&CK',
    tactic: { id: distinct(techniques.map(({ tactic }) => tactic.id)), name: distinct(techniques.map(({ tactic }) => tactic.name)) },
    technique: {
      id: distinct(techniques.map(({ id }) => id.split('.')[0])),
      name: distinct(techniques.filter(({ id }) => !id.includes('.')).map(({ name }) => name)),
      subtechnique: compact({ id: distinct(sub.map(({ id }) => id)), name: distinct(sub.map(({ name }) => name)) }),
    },
  }
}

/** The document with the rule's own fields. Names that the catalogue does not have for alerts are left out; values take its array-ness. */
function withFields(document: Fields, fields: Alert['fields']): Fields {
  let extended = document
  for (const [name, value] of Object.entries(fields)) {
    const field = catalogue().get(name)
    if (field === undefined || !field.datasets.includes('wardwire.alert') || value === '') continue
    if (Array.isArray(value)) {
      if (value.length > 0) extended = withField(extended, name.split('.'), field.array ? value : value.join(', '))
    } else extended = withField(extended, name.split('.'), field.array ? [value] : value)
  }
  return extended
}

function withField(tree: Fields, [key, ...rest]: readonly string[], value: Json): Fields {
  if (rest.length === 0) return { ...tree, [key]: value }
  const branch = tree[key]
  return { ...tree, [key]: withField(isFields(branch) ? branch : {}, rest, value) }
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
