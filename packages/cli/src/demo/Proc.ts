/**
 * Reads counters of Linux under `/proc` into points. A line in an unexpected format is left out, because kernels and
 * containers differ in what they show.
 */
import type { Point } from "efflux"

/** `/proc/net/dev`: the counters of each network interface. */
export const network = (text: string): ReadonlyArray<Point.Input> =>
  text.split("\n").flatMap((line) => {
    // There may be no space between the colon and the first number.
    const match = /^\s*(\S+):\s*(\d.*)$/.exec(line)
    const values = match?.[2]!.trim().split(/\s+/) ?? []
    if (match === null || values.length < 12) return []
    return [{
      measurement: "network",
      tags: { interface: match[1]! },
      fields: {
        received_bytes: BigInt(values[0]!),
        received_packets: BigInt(values[1]!),
        receive_drops: BigInt(values[3]!),
        sent_bytes: BigInt(values[8]!),
        sent_packets: BigInt(values[9]!),
        send_drops: BigInt(values[11]!)
      }
    }]
  })

/** `/proc/diskstats`: the counters of each device that has been used. */
export const disks = (text: string): ReadonlyArray<Point.Input> =>
  rows(text).flatMap(([, , device, ...counters]) => {
    if (device === undefined || counters.length < 7) return []
    const [reads, , readSectors, , writes, , writtenSectors] = counters.map(BigInt)
    if (reads === 0n && writes === 0n) return []
    return [{
      measurement: "disk",
      tags: { device },
      fields: {
        reads: reads!,
        read_bytes: readSectors! * sectorBytes,
        writes: writes!,
        written_bytes: writtenSectors! * sectorBytes
      }
    }]
  })

/** `/proc/net/snmp`: UDP over IPv4, for the whole system. */
export const udp = (text: string): ReadonlyArray<Point.Input> => {
  const [names, values] = rows(text).filter(([name]) => name === "Udp:")
  if (names === undefined || values === undefined) return []
  const value = (name: string) => BigInt(values[names.indexOf(name)] ?? 0)
  return [{
    measurement: "udp",
    fields: {
      received: value("InDatagrams"),
      sent: value("OutDatagrams"),
      receive_buffer_errors: value("RcvbufErrors"),
      no_port: value("NoPorts")
    }
  }]
}

// The kernel counts in these units, whatever the sector size of the device.
const sectorBytes = 512n

const rows = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").filter((line) => line.trim() !== "").map((line) => line.trim().split(/\s+/))
