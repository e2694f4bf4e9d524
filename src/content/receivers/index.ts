import type { ContentBuilder } from '../builder.ts'
import { sentinelPage } from './asim.ts'
import { leefPage } from './leef.ts'

/** `docs/qradar.md` and `docs/sentinel.md`: receivers that take the sensor's text formats. */
export const receiverDocs: ContentBuilder = {
  name: 'receiver-docs',
  build: () => [
    { path: 'docs/qradar.md', content: leefPage() },
    { path: 'docs/sentinel.md', content: sentinelPage() },
  ],
}
