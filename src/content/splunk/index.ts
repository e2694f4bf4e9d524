import type { ContentBuilder, ContentContext, ContentFile } from '../builder.ts'
import { ADDON_ID, addonFiles } from './addon.ts'
import { splunkAppFiles } from './app.ts'
import { packageName, splunkPackage } from './archive.ts'
import { APP_ID } from './dashboard.ts'
import { splunkPage } from './page.ts'

/** `splunk/TA-wardwire-<version>.spl` and `splunk/wardwire-<version>.spl`. */
export const splunkApps: ContentBuilder = {
  name: 'splunk-apps',
  build: context => [packed(ADDON_ID, addonFiles(context), context), packed(APP_ID, splunkAppFiles(context), context)],
}

/** `docs/splunk.md`: how they are installed. */
export const splunkDocs: ContentBuilder = {
  name: 'splunk-docs',
  build: context => [{ path: 'docs/splunk.md', content: splunkPage(context) }],
}

function packed(app: string, files: readonly ContentFile[], { version }: ContentContext): ContentFile {
  return { path: `splunk/${packageName(app, version)}`, content: splunkPackage(app, files) }
}
