import type { DetectionRule, Family } from './rule.ts'

/** What every rule of a family needs to see, and what encryption hides from it. */
const VISIBILITY: Readonly<Record<Family, string>> = {
  dicom:
    'The sensor must see both directions of the DICOM traffic. DICOM over TLS shows neither AE titles nor operations, so associations inside it cannot be judged.',
  hl7: 'The sensor must see both directions of the HL7 traffic (MLLP). HL7 inside TLS or a VPN tunnel shows neither message types nor applications, so it cannot be judged.',
  workflow:
    'The sensor must see the clinical systems as well as the devices, in both directions. What runs inside TLS or a VPN tunnel cannot be judged.',
  device: 'The sensor must see the network segments of the devices. What it knows of a device comes from traffic that is not encrypted.',
  network:
    'The sensor must see the network segments of the devices, in both directions. Flows are seen whether encrypted or not, their content is not needed.',
  correlation:
    'The sensor rules that this rule connects must be enabled (they are by default), and their alerts must arrive together with the protocol events.',
  sensor: 'Health events must be forwarded (they are by default).',
}

/** `## Triage and analysis`, the investigation guide in the form that Kibana shows. */
export function elasticGuide(rule: DetectionRule): string {
  return [
    '## Triage and analysis',
    `### Investigating ${rule.name}`,
    rule.why,
    '### Possible investigation steps',
    bullets(rule.guide.steps),
    '### False positive analysis',
    bullets(rule.false_positives),
    '### Response and remediation',
    bullets(rule.guide.response),
  ].join('\n\n')
}

export function elasticSetup(rule: DetectionRule): string {
  return ['## Setup', ...setupParagraphs(rule)].join('\n\n')
}

/** What must be there for the rule to see anything: data, position of the sensor, what encryption hides. */
export function setupParagraphs(rule: DetectionRule): readonly string[] {
  const names = rule.datasets.map(dataset => `\`${dataset}\``)
  return [
    `This rule needs events of the dataset${names.length === 1 ? '' : 's'} ${names.join(', ')} of a wardwire sensor.`,
    VISIBILITY[rule.family],
    ...rule.setup,
  ]
}

export function bullets(lines: readonly string[]): string {
  return lines.map(line => `- ${line}`).join('\n')
}
