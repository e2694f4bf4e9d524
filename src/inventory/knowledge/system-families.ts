interface Family {
  readonly name: string
  /** Systems that belong to it. */
  readonly members: RegExp
}

/** Wider names of systems whose own names do not begin with them. */
const FAMILIES: readonly Family[] = [
  {
    name: 'Unix',
    members: /^(?:Linux|Ubuntu|Debian|Raspbian|Red Hat|CentOS|Fedora|Android|QTS|(?:Free|Net|Open)BSD|SunOS|HP-UX|AIX|IRIX|QNX|Mac OS X)\b/,
  },
  { name: 'Linux', members: /^(?:Ubuntu|Debian|Raspbian|Red Hat|CentOS|Fedora|Android|QTS)\b/ },
  { name: 'Debian', members: /^Raspbian\b/ },
  { name: 'Windows', members: /^Windows / },
  { name: 'Windows 10 or later', members: /^Windows (?:1[01]|Server (?:2016|2019|2022|2025|23H2))\b/ },
  {
    name: 'Windows Vista, 7 or 8, or Windows Server 2008 or 2012',
    members: /^Windows (?:Vista|7|8|8\.1|Server 2008|Server 2012)(?![\w,])/,
  },
]

/**
 * True when `name` is a kind of the system that `family` names: `Windows 10 22H2` is `Windows 10 or later`, `Ubuntu` is `Linux`. Who states
 * the one agrees with who states the other, and knows less. A name with alternatives is the family of each of them.
 */
export function isFamilyOf(family: string, name: string): boolean {
  if (family === name) return false
  if (FAMILIES.some(known => known.name === family && known.members.test(name))) return true
  const kinds = family.split(' or ')
  return name.split(' or ').every(one => kinds.some(kind => one === kind || one.startsWith(`${kind} `)))
}
