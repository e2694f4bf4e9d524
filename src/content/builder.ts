import type { DetectionRule } from './rule.ts'

/** A file of the content tree. */
export interface ContentFile {
  /** Below the output folder, with slashes. */
  readonly path: string
  readonly content: string | Uint8Array
}

/** What builders make content from. The same context gives the same bytes. */
export interface ContentContext {
  /** Of wardwire. */
  readonly version: string
  readonly rules: readonly DetectionRule[]
}

/** Makes one kind of content. A new kind is one file with a builder, and a line in `index.ts`. */
export interface ContentBuilder {
  /** `sigma`, `elastic-rules` … */
  readonly name: string
  build(context: ContentContext): readonly ContentFile[]
}
