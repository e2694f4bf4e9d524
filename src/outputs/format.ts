import { formatCef } from '../normalize/cef.ts'
import type { EcsDocument, EncodedEvent } from '../normalize/event.ts'
import { formatLeef } from '../normalize/leef.ts'

/** Text formats of one event on one line. `ndjson` and `json` are the same line under the names that files and syslog use. */
export type LineFormat = 'ndjson' | 'json' | 'cef' | 'leef'

/** One event as one line, without the line end. */
export function formatLine(event: EncodedEvent, format: LineFormat): string {
  switch (format) {
    case 'ndjson':
    case 'json':
      return event.json
    case 'cef':
      return formatCef(JSON.parse(event.json) as EcsDocument)
    case 'leef':
      return formatLeef(JSON.parse(event.json) as EcsDocument)
  }
}
