import type { ContentBuilder, ContentContext, ContentFile } from './builder.ts'
import { elasticAssets } from './elastic/assets.ts'
import { elasticPackage } from './elastic/package.ts'
import { elasticRules } from './elastic-rules.ts'
import { receiverDocs } from './receivers/index.ts'
import { ruleDocs } from './rule-docs.ts'
import { sigmaRules } from './sigma-rules.ts'
import { splunkApps, splunkDocs } from './splunk/index.ts'
import { splunkEscu } from './splunk-escu.ts'

/** Everything that `wardwire content build` makes. */
export const CONTENT_BUILDERS: readonly ContentBuilder[] = [
  sigmaRules,
  elasticRules,
  elasticPackage,
  elasticAssets,
  splunkEscu,
  splunkApps,
  splunkDocs,
  ruleDocs,
  receiverDocs,
]

/** All files of all builders, ordered by path: the same context gives the same bytes. */
export function buildContent(context: ContentContext, builders: readonly ContentBuilder[] = CONTENT_BUILDERS): readonly ContentFile[] {
  return builders.flatMap(builder => builder.build(context)).sort((one, other) => (one.path < other.path ? -1 : 1))
}
