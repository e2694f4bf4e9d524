import type { ContentContext } from '../builder.ts'
import { INDEX_MACRO } from '../languages/spl.ts'

/** README.md of the add-on. */
export function addonReadme(version: string): string {
  return `# Add-on for wardwire ${version}

Parses the events of wardwire sensors and maps them to the Common Information Model. Every event belongs to one data model at most.

## Where it belongs

Search heads always; indexers or heavy forwarders too where they take the CEF form or NDJSON files. Events that the sensor sends to an HTTP
Event Collector are parsed at search time only.

| sourcetype | what |
|---|---|
| \`wardwire:json\` | ECS documents, one a JSON event; what the sensor's output \`splunk-hec\` sends |
| \`wardwire:cef\` | CEF records, with or without a syslog header; labels (\`cs1Label\` …) become names of fields |

CEF holds less than JSON. Where both can be had, take JSON: the dashboards and rules of the app read it.

Splunk takes fields out of the first 5000 bytes of a JSON event (\`limits.conf\`, \`[spath] extraction_cutoff\`), and 100 fields (\`[kv] limit\`). The events are well below the first and now
and then just above the second, as those of a DICOM association with all that can be known. Raise \`limit\` to 200 on the search heads, so that such events keep their last fields.

## Splunk for OT Security

Alerts carry \`technique_id\` (ATT&CK for ICS), \`signature\`, \`severity\`, \`src\`, \`dest\`, \`dvc\`, \`id\`, \`app\` and \`description\`. For its rules to find them, either
give alerts the sourcetype that it knows, on what parses the events, in \`local/props.conf\`:

    [wardwire:json]
    TRANSFORMS-ot = wardwire_ot_alerts

or add \`wardwire:json\` to its macro \`get_ot_security_alerts\`.
`
}

/** README.md of the app. */
export function appReadme({ version, rules }: ContentContext): string {
  return `# Wardwire ${version}

Dashboards, ${rules.length} detections and the device inventory for wardwire, a network sensor for hospitals. Needs the add-on TA-wardwire of the same version.

## Set up

1. Create an index and a token of the HTTP Event Collector for it, and give both to the sensor's output \`splunk-hec\`.
2. Install TA-wardwire and this app on the search heads.
3. If the index is not called \`wardwire\`, change the macro \`${INDEX_MACRO}\`; \`wardwire content install splunk\` does that too.
4. Wait for the search \`Wardwire - Device Inventory - Lookup Gen\` to run (every 15 minutes), and open the page Posture.
5. Enable the detections that fit (Settings, Searches; all of them are shipped disabled), each with its exceptions in its macro \`…_filter\`.

\`wardwire content verify splunk\` on the sensor asks whether all of it is as shipped and whether events come. The Monitoring Console's health check has the items of category Wardwire.

## Enterprise Security

Detections annotate risk and raise findings when they are enabled there. To register the devices as assets, enable the source
\`wardwire_assets\` under Asset and Identity Management. Its header is that of Enterprise Security and of OT Security; the category holds \`ot\`.

## What is stored where

| lookup | what | kept by |
|---|---|---|
| \`wardwire_devices\` | one row a device | \`Wardwire - Device Inventory - Lookup Gen\`, \`… - Retention\` |
| \`wardwire_vulnerabilities\` | one row a match of a device with an advisory | \`Wardwire - Vulnerabilities - Lookup Gen\`, \`… - Retention\` |
| \`wardwire_assets\` | devices as assets; owner, location, department and criticality come from the sensor's asset list | \`Wardwire - Asset Register - Lookup Gen\` |
`
}
