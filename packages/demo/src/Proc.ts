/**
 * The counters that Linux shows under `/proc`, as values.
 *
 * Pure functions from the text of a file. A line that does not look as expected
 * is left out: what a kernel or a container hides is not shown.
 */

/** What a processor did since the system started, in any unit of time. */
export interface CpuTimes {
  /** `total`, or the number of a core. */
  readonly core: string
  readonly user: number
  readonly system: number
  readonly iowait: number
  readonly steal: number
  readonly idle: number
}

/** Memory in bytes. */
export interface Memory {
  readonly total: number
  readonly available: number
  readonly swapTotal: number
  readonly swapFree: number
}

/** The counters of a network interface. */
export interface NetworkCounters {
  readonly name: string
  readonly receivedBytes: bigint
  readonly receivedPackets: bigint
  readonly receiveDrops: bigint
  readonly sentBytes: bigint
  readonly sentPackets: bigint
  readonly sendDrops: bigint
}

/** The counters of a block device. */
export interface DiskCounters {
  readonly name: string
  readonly reads: bigint
  readonly readBytes: bigint
  readonly writes: bigint
  readonly writtenBytes: bigint
}

/** The counters of UDP over IPv4, of the whole system. */
export interface UdpCounters {
  readonly received: bigint
  readonly sent: bigint
  /** Received with no room in a socket's buffer: lost. */
  readonly receiveBufferErrors: bigint
  readonly noPort: bigint
}

/** `/proc/stat` */
export const parseStat = (text: string): ReadonlyArray<CpuTimes> =>
  rows(text).flatMap(([name, ...times]) => {
    const match = /^cpu(\d*)$/.exec(name ?? "")
    const [user, nice, system, idle, iowait, irq, softirq, steal] = times.map(Number)
    if (match === null || idle === undefined) return []
    return [{
      core: match[1] === "" ? "total" : match[1]!,
      user: user! + nice!,
      system: system! + (irq ?? 0) + (softirq ?? 0),
      iowait: iowait ?? 0,
      steal: steal ?? 0,
      idle
    }]
  })

/** `/proc/meminfo` */
export const parseMeminfo = (text: string): Memory | undefined => {
  const kibibytes = new Map(rows(text).map(([name, value]) => [name, Number(value)]))
  const total = kibibytes.get("MemTotal:")
  const available = kibibytes.get("MemAvailable:") ?? kibibytes.get("MemFree:")
  if (total === undefined || available === undefined) return undefined
  return {
    total: total * 1024,
    available: available * 1024,
    swapTotal: (kibibytes.get("SwapTotal:") ?? 0) * 1024,
    swapFree: (kibibytes.get("SwapFree:") ?? 0) * 1024
  }
}

/** `/proc/net/dev` */
export const parseNetDev = (text: string): ReadonlyArray<NetworkCounters> =>
  text.split("\n").flatMap((line) => {
    // There may be no space between the colon and the first number.
    const match = /^\s*(\S+):\s*(\d.*)$/.exec(line)
    const values = match?.[2]!.trim().split(/\s+/).map(integer) ?? []
    if (match === null || values.length < 12) return []
    return [{
      name: match[1]!,
      receivedBytes: values[0]!,
      receivedPackets: values[1]!,
      receiveDrops: values[3]!,
      sentBytes: values[8]!,
      sentPackets: values[9]!,
      sendDrops: values[11]!
    }]
  })

/** `/proc/diskstats`, without devices that were never read or written. */
export const parseDiskstats = (text: string): ReadonlyArray<DiskCounters> =>
  rows(text).flatMap(([, , name, ...counters]) => {
    if (name === undefined || counters.length < 7) return []
    const values = counters.map(integer)
    const disk = {
      name,
      reads: values[0]!,
      readBytes: values[2]! * sectorBytes,
      writes: values[4]!,
      writtenBytes: values[6]! * sectorBytes
    }
    return disk.reads === 0n && disk.writes === 0n ? [] : [disk]
  })

/** `/proc/net/snmp` */
export const parseUdp = (text: string): UdpCounters | undefined => {
  const [names, values] = rows(text).filter(([name]) => name === "Udp:")
  if (names === undefined || values === undefined) return undefined
  const value = (name: string) => integer(values[names.indexOf(name)] ?? "0")
  return {
    received: value("InDatagrams"),
    sent: value("OutDatagrams"),
    receiveBufferErrors: value("RcvbufErrors"),
    noPort: value("NoPorts")
  }
}

// The kernel's unit here, whatever the device's own.
const sectorBytes = 512n

const rows = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").filter((line) => line.trim() !== "").map((line) => line.trim().split(/\s+/))

const integer = (text: string): bigint => /^-?\d+$/.test(text) ? BigInt(text) : 0n
