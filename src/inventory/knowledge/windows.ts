/** An operating system that a table recognized. */
export interface OperatingSystem {
  readonly name: string
  readonly version: string | undefined
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

const VERSIONS_SOURCE = 'Microsoft, Operating System Version (Win32)'
const RELEASES_SOURCE = 'Microsoft, Windows release information'

/** Products by kernel version. Clients and servers share versions, and so do all since Windows 10. */
const VERSIONS: ReadonlyMap<string, string> = new Map([
  ['4.0', 'Windows NT 4.0'],
  ['5.0', 'Windows 2000'],
  ['5.1', 'Windows XP'],
  ['5.2', 'Windows Server 2003 or Windows XP x64'],
  ['6.0', 'Windows Vista or Windows Server 2008'],
  ['6.1', 'Windows 7 or Windows Server 2008 R2'],
  ['6.2', 'Windows 8 or Windows Server 2012'],
  ['6.3', 'Windows 8.1 or Windows Server 2012 R2'],
  ['10.0', 'Windows 10 or later'],
])

/** Releases by build, with the kernel version they belong to. */
const BUILDS: ReadonlyMap<number, readonly [version: string, name: string]> = new Map([
  [1381, ['4.0', 'Windows NT 4.0']],
  [2195, ['5.0', 'Windows 2000']],
  [2600, ['5.1', 'Windows XP']],
  [3790, ['5.2', 'Windows Server 2003 or Windows XP x64']],
  [6000, ['6.0', 'Windows Vista']],
  [6001, ['6.0', 'Windows Vista SP1 or Windows Server 2008']],
  [6002, ['6.0', 'Windows Vista SP2 or Windows Server 2008 SP2']],
  [6003, ['6.0', 'Windows Server 2008 SP2']],
  [7600, ['6.1', 'Windows 7 or Windows Server 2008 R2']],
  [7601, ['6.1', 'Windows 7 SP1 or Windows Server 2008 R2 SP1']],
  [9200, ['6.2', 'Windows 8 or Windows Server 2012']],
  [9600, ['6.3', 'Windows 8.1 or Windows Server 2012 R2']],
  [10_240, ['10.0', 'Windows 10 1507']],
  [10_586, ['10.0', 'Windows 10 1511']],
  [14_393, ['10.0', 'Windows 10 1607 or Windows Server 2016']],
  [15_063, ['10.0', 'Windows 10 1703']],
  [16_299, ['10.0', 'Windows 10 1709']],
  [17_134, ['10.0', 'Windows 10 1803']],
  [17_763, ['10.0', 'Windows 10 1809 or Windows Server 2019']],
  [18_362, ['10.0', 'Windows 10 1903']],
  [18_363, ['10.0', 'Windows 10 1909']],
  [19_041, ['10.0', 'Windows 10 2004']],
  [19_042, ['10.0', 'Windows 10 20H2']],
  [19_043, ['10.0', 'Windows 10 21H1']],
  [19_044, ['10.0', 'Windows 10 21H2']],
  [19_045, ['10.0', 'Windows 10 22H2']],
  [20_348, ['10.0', 'Windows Server 2022']],
  [22_000, ['10.0', 'Windows 11 21H2']],
  [22_621, ['10.0', 'Windows 11 22H2']],
  [22_631, ['10.0', 'Windows 11 23H2']],
  [25_398, ['10.0', 'Windows Server 23H2']],
  [26_100, ['10.0', 'Windows 11 24H2 or Windows Server 2025']],
])

/** `6.1`, or `10.0` of Windows 10 and 11; undefined for a version that Windows never had. */
export function windowsOfVersion(version: string): OperatingSystem | undefined {
  const name = VERSIONS.get(version)
  return name === undefined ? undefined : { name, version, row: `windows-version:${version} (${VERSIONS_SOURCE})` }
}

/** `10.0.17763` as NTLM says it; an unknown build is known by its version alone. */
export function windowsOfBuild(text: string): OperatingSystem | undefined {
  const [major, minor, build] = text.split('.')
  const version = `${major}.${minor}`
  const row = BUILDS.get(Number(build))
  if (row === undefined || row[0] !== version) {
    const known = windowsOfVersion(version)
    return known && { ...known, version: text }
  }
  return { name: row[1], version: text, row: `windows-build:${build} (${RELEASES_SOURCE})` }
}

/** `Windows 7 Professional 7601 Service Pack 1`: product, build, service pack. */
const PRODUCT = /^(Windows .+?)(?: (\d{4,5}))?(?: (Service Pack \d+))?$/
/** `Windows 5.1`: the kernel version instead. */
const KERNEL = /^Windows (?:NT )?(\d+\.\d)(?: (\d{4,5}))?$/

/** What Windows calls itself as native operating system in SMB 1 ([MS-CIFS] §2.2.4.53); undefined for other systems. */
export function windowsOfNativeOs(text: string): OperatingSystem | undefined {
  const kernel = KERNEL.exec(text)
  if (kernel !== null && VERSIONS.has(kernel[1])) return windowsOfBuild(kernel[2] === undefined ? kernel[1] : `${kernel[1]}.${kernel[2]}`)
  const product = PRODUCT.exec(text)
  if (product === null) return undefined
  const [, name, build, servicePack] = product
  const version = BUILDS.get(Number(build))?.[0]
  return {
    name: [name, servicePack].filter(part => part !== undefined).join(' '),
    version: version === undefined ? undefined : `${version}.${build}`,
    row: 'windows-native-os ([MS-CIFS] NativeOS: product, build and service pack)',
  }
}
