import { FactList } from '../fact-list.ts'
import type { IdentityFact } from '../observation.ts'
import { markupText } from './markup.ts'
import type { MediaType } from './message.ts'
import { SelfDescription } from './self-description.ts'

/** Bytes in which the root element stands. */
const ROOT_BYTES = 1024
const ROOT = /<(?:[\w-]{1,20}:)?root\s[^>]{0,500}["']urn:schemas-upnp-org:device-1-0["']/
/** Behind it other devices follow, or nothing. */
const END_OF_ROOT_DEVICE = /<(?:[\w-]{1,20}:)?deviceList\b|<\/(?:[\w-]{1,20}:)?root\b/
const ENCODING = /^\s*<\?xml\s[^>]{0,100}\bencoding\s*=\s*["']([\w:.-]{1,40})["']/
/** What serves or plays media is mostly a program: its maker and model are not those of the computer that it runs on. */
const OF_MEDIA = /:device:Media(?:Server|Renderer):/
const UUID = /^uuid:([0-9a-z-]{8,64})$/i

/** Elements of a device by what they say (UPnP Device Architecture 2.0 §2.3). Its friendly name is left out: people give it their own. */
const ELEMENTS = [
  ['manufacturer', 'manufacturer'],
  ['model', 'modelName'],
  ['model_number', 'modelNumber'],
  ['serial_number', 'serialNumber'],
] as const

/** A device description may be at any address. */
export function mayDescribeDevice(status: number, { type }: MediaType): boolean {
  return status === 200 && (type === 'text/xml' || type === 'application/xml')
}

/**
 * Device description: what the root device says of itself.
 *   <root xmlns="urn:schemas-upnp-org:device-1-0"> … <device> element … <deviceList> other devices </deviceList> … </device></root>
 */
export function deviceDescription({ parameters }: MediaType): SelfDescription {
  return new SelfDescription('upnp', (beginning, last) => {
    if (beginning.length < ROOT_BYTES && !last) return 'more'
    if (!ROOT.test(beginning.slice(0, ROOT_BYTES))) return []
    const end = beginning.search(END_OF_ROOT_DEVICE)
    if (end < 0 && !last) return 'more'
    const charset = parameters.get('charset') ?? ENCODING.exec(beginning)?.[1]
    return factsIn(end < 0 ? beginning : beginning.slice(0, end), charset)
  })
}

function factsIn(device: string, charset: string | undefined): readonly IdentityFact[] {
  const list = new FactList()
  const isOfMedia = OF_MEDIA.test(elementIn(device, 'deviceType', charset) ?? '')
  if (!isOfMedia) for (const [attribute, name] of ELEMENTS) list.add(attribute, elementIn(device, name, charset), name)
  list.add('upnp_uuid', UUID.exec(elementIn(device, 'UDN', charset) ?? '')?.[1].toLowerCase(), 'UDN')
  return list.facts
}

function elementIn(xml: string, name: string, charset: string | undefined): string | undefined {
  const found = new RegExp(`<(?:[\\w-]{1,20}:)?${name}(?:\\s[^>]{0,100})?>([^<]{1,512})</`).exec(xml)
  return found === null ? undefined : markupText(found[1], charset)
}
