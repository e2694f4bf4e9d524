import Joi from 'joi'

/** A folder that a rotating capture writes into. */
export interface FolderSettings {
  readonly path: string
  readonly patterns: readonly string[]
  readonly poll_seconds: number
  readonly settle_seconds: number
  readonly finished: 'keep' | 'delete'
}

/** Where `wardwire run` gets packets from: an interface, a pipe or a folder. */
export interface CaptureSettings {
  readonly interface?: string
  readonly filter?: string
  readonly buffer_bytes: number
  readonly promiscuous: boolean
  readonly snap_length: number
  readonly from?: string
  readonly folder?: FolderSettings
}

/** What a folder named on the command line is read with. */
export const DEFAULT_FOLDER: Omit<FolderSettings, 'path'> = {
  patterns: ['*.pcap*', '*.cap*'],
  poll_seconds: 1,
  settle_seconds: 5,
  finished: 'keep',
}

/** libpcap's buffer size is a signed 32-bit number. */
const MAX_BUFFER = 0x7fff_ffff
/** Longest frame that the live capture can take. */
const MAX_SNAP_LENGTH = 65_535

const folderSchema = Joi.object<FolderSettings>({
  path: Joi.string().required().description('the folder').example('/var/spool/capture'),
  patterns: Joi.array()
    .items(Joi.string())
    .min(1)
    .default([...DEFAULT_FOLDER.patterns])
    .description('names of capture files; * stands for any characters, ? for one'),
  poll_seconds: Joi.number()
    .min(0.1)
    .max(3600)
    .default(DEFAULT_FOLDER.poll_seconds)
    .description('seconds between looks into the folder; works on network file systems too'),
  settle_seconds: Joi.number()
    .min(0)
    .max(86_400)
    .default(DEFAULT_FOLDER.settle_seconds)
    .description(
      'seconds without change after which a compressed file is read, and a file with a newer one beside it is taken for finished',
    ),
  finished: Joi.string()
    .valid('keep', 'delete')
    .default(DEFAULT_FOLDER.finished)
    .description('what becomes of a finished file; damaged files are always kept'),
})

/** Packet sources. At most one of `interface`, `from` and `folder`; `run` wants exactly one, the other commands need none. */
export const captureSchema = Joi.object<CaptureSettings>({
  interface: Joi.string().description('network interface to watch: a mirror port').example('eth1'),
  filter: Joi.string().description('capture filter for the interface, in the language of tcpdump').example('not port 22'),
  buffer_bytes: Joi.number()
    .integer()
    .min(1_048_576)
    .max(MAX_BUFFER)
    .default(268_435_456)
    .description(
      'kernel buffer for the interface; a network card that merges segments (ethtool: gro, lro) fills it with far fewer packets',
    ),
  promiscuous: Joi.boolean()
    .default(true)
    .description('take frames for other hosts too, as on a mirror port; false keeps those from and to this interface, and multicasts'),
  snap_length: Joi.number()
    .integer()
    .min(64)
    .max(MAX_SNAP_LENGTH)
    .default(MAX_SNAP_LENGTH)
    .description('bytes kept of each frame from the interface; less than the whole hides what the protocols say'),
  from: Joi.string()
    .description('read pcap or pcapng from a pipe instead: - for standard input, or the path of a fifo')
    .example('/run/wardwire/capture.fifo'),
  folder: folderSchema.description('follow a folder instead that a rotating capture (tcpdump -G, dumpcap -b) writes into'),
})
  .oxor('interface', 'from', 'folder')
  .nand('filter', 'from')
  .nand('filter', 'folder')
  .messages({
    'object.oxor': 'gives more than one source: keep one of interface, from and folder',
    'object.nand': 'has a filter that nothing would apply: filters work on interfaces; give it to the program that writes the capture',
  })
  .default()
