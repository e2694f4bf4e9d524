import { markupText } from './markup.ts'
import type { MediaType } from './message.ts'
import { SelfDescription } from './self-description.ts'

/** Longest title of a page, and longest realm, in characters, by which a device names itself. */
const MAX_NAME = 80
/** What stands at the address of a server, and the pages that people come in by. */
const FRONT_PAGE =
  /^\/(?:(?:[\w.~-]{1,40}\/){0,3}(?:index|login|logon|signin|home|default|main|start|welcome|explorer)\b[\w.-]{0,30})?(?:\?|$)/i
const TITLE = /<title(?:\s[^>]{0,200})?>([^<]{1,400})<\/title/i
const DECLARED_CHARSET = /<meta\s[^>]{0,200}\bcharset\s*=\s*["']?([\w:.-]{1,40})/i
const REALM = /\brealm\s*=\s*"((?:[^"\\]|\\.){1,160})"/i

/** What a request asks for, as far as the answer may say what the server is. `front`: what anybody is shown who comes without a session. */
export type Asked = 'front' | 'resource'

/** Undefined for what is no question to this server itself: other methods than GET, and what a proxy is asked to fetch (RFC 9112 §3.2.2). */
export function askedFor(method: string, target: string, inSession: boolean): Asked | undefined {
  if (method !== 'GET' || !target.startsWith('/')) return undefined
  return !inSession && FRONT_PAGE.test(target) ? 'front' : 'resource'
}

/** A page may show a patient's name in its title, but not to those who have not logged in. */
export function isPublicPage(asked: Asked, status: number, { type }: MediaType): boolean {
  return type === 'text/html' && (status === 401 || (status === 200 && asked === 'front'))
}

/** The title of a page (HTML §4.2.2), which is to be recognized and not to be kept. */
export function pageTitle({ parameters }: MediaType): SelfDescription {
  return new SelfDescription('http', (beginning, last) => {
    const found = TITLE.exec(beginning)
    if (found === null) return last ? [] : 'more'
    const title = markupText(found[1], parameters.get('charset') ?? DECLARED_CHARSET.exec(beginning)?.[1])
    return title === undefined || title.length > MAX_NAME ? [] : [{ attribute: 'http_title', value: title, field: 'title' }]
  })
}

/** The realm of a challenge (RFC 9110 §11.5), which is to be recognized and not to be kept. */
export function realmOf(challenge: string | undefined): string | undefined {
  const realm = markupText(REALM.exec(challenge ?? '')?.[1].replace(/\\(.)/g, '$1') ?? '', undefined)
  return realm === undefined || realm.length > MAX_NAME ? undefined : realm
}
