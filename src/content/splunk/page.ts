import type { ContentContext } from '../builder.ts'
import { INDEX_MACRO } from '../languages/spl.ts'
import { ADDON_ID, CEF_SOURCETYPE, JSON_SOURCETYPE } from './addon.ts'
import { packageName } from './archive.ts'
import { APP_ID } from './dashboard.ts'

/** `docs/splunk.md`: how both packages come into a Splunk, of whatever shape it is. */
export function splunkPage({ version }: ContentContext): string {
  const addon = packageName(ADDON_ID, version)
  const app = packageName(APP_ID, version)
  return `# Splunk

Two packages: \`${addon}\` (parsing, event types, fields of the Common Information Model) and \`${app}\` (dashboards, detections, device inventory).
Splunk 9.x and 10.x; Enterprise Security and OT Security are used where they are there, and not needed.

| where | ${ADDON_ID} | ${APP_ID} |
|---|---|---|
| search heads | yes | yes |
| indexers, heavy forwarders | where they take CEF over syslog, or files of NDJSON | no |
| universal forwarders | no | no |

## Index and token

1. Make an index. Health events are the steady part of the volume, one a minute for the sensor and for each output.
2. Make a token of the HTTP Event Collector that may write to the index, with the sourcetype left automatic: the sensor names it (\`${JSON_SOURCETYPE}\`).
3. Give both to the sensor, and for \`content install\` and \`content verify\`, in a file of their own with an account of their own, the REST API of a search head:

\`\`\`yaml
# setup.yml
outputs:
  splunk:
    type: splunk-hec
    url: https://splunk.example.org:8088
    token: \${env:SPLUNK_HEC_TOKEN}
    index: ot
    management:
      url: https://splunk.example.org:8089      # the management port, which must be open to this machine
      token: \${file:/etc/wardwire/splunk-token} # Settings, Tokens; or username and password
      tls:
        ca_file: /etc/wardwire/splunk-ca.pem    # for the certificate that Splunk made for itself, too
\`\`\`

Certificates are verified; \`tls.insecure: true\` turns that off, with a warning each time.

## Install

Splunk takes no upload of a package over its REST API. It installs one from a path or an address that the server itself reads.

- **A search head by itself.** Copy both packages to a folder of the server (or to a web server that it reaches), then

      wardwire content install splunk --config setup.yml --packages /opt/splunk/var/wardwire --dry-run

  and again without \`--dry-run\`. The account needs the capability \`install_apps\`. What an administrator set or edited stays, and is told.
- **In Splunk Web.** Apps, Manage Apps, Install app from file: first \`${addon}\`, then \`${app}\`.
- **A cluster of search heads.** Unpack both into \`etc/shcluster/apps\` of the deployer, then \`splunk apply shcluster-bundle\`.
- **Splunk Cloud.** Upload both as private apps under Apps, Manage Apps; or \`acs apps install private --acs-legal-ack=Y --app-package FILE\`, which has them
  vetted (AppInspect finds no error and no failure in them).
- **Indexers of a cluster.** Unpack \`${addon}\` into \`etc/manager-apps\` of the cluster manager.

After any of these, \`wardwire content install splunk --config setup.yml\` without \`--packages\` points the macro \`${INDEX_MACRO}\` to the index of the output, unless
somebody set it already. Detections are shipped disabled.

On search heads, raise \`limit\` of \`[kv]\` in \`limits.conf\` to 200: Splunk takes 100 fields out of a JSON event, and a DICOM association with all that can be known has a few more.

## Verify

    wardwire content verify splunk --config setup.yml

asks, and changes nothing:

| what | how | trouble |
|---|---|---|
| version of both apps, enabled, visible | \`apps/local\` | another version, disabled, hidden |
| every search, dashboard, macro, event type, extraction, tag, lookup, collection, health check | \`configs/conf-*\`, \`data/ui/*\` | missing, or not as shipped, each by its name |
| what the site may set: macros, schedules, switches, actions | the same | none; it is listed |
| index, and whether the pages look in it | \`data/indexes\`, \`eventcount\` | missing, or another in \`${INDEX_MACRO}\` |
| event collector and token | a request without an event | refused, disabled, not reached |
| events of each dataset in the last day, and the latest | \`tstats\` in the index | no health event for 15 minutes |
| whether the add-on knows the events | a search over 100 of them | no event type |
| device inventory | \`inputlookup\` | the KV store cannot be read |

It ends with status 1 when there is trouble. The account must be able to read both apps and to search the index.

## CEF instead of JSON

Dashboards and detections read JSON. Where only syslog can be had, \`${CEF_SOURCETYPE}\` gives the fields of the Common Information Model: \`config/sc4s\` has the files for Splunk Connect
for Syslog, \`config/rsyslog\` those for rsyslog.

## How this was tested

No Splunk can be run in the tests. The packages are judged by AppInspect and by Splunk's specifications of its files, the dashboards are drawn by Splunk's own renderer
in a browser, searches run on a small interpreter of SPL, and \`install\` and \`verify\` speak with a server that answers as Splunk's REST API Reference documents it.
`
}
