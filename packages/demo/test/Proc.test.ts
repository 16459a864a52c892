import { assert, describe, it } from "@effect/vitest"
import * as Proc from "../src/Proc.ts"

describe("Proc", () => {
  it("reads the times of all processors and of each", () => {
    const text = "cpu  10 1 20 70 5 2 3 4 0 0\ncpu0 10 1 20 70 5 2 3 4 0 0\nintr 12 0\nctxt 3\n"
    const times = { user: 11, system: 25, iowait: 5, steal: 4, idle: 70 }
    assert.deepStrictEqual(Proc.parseStat(text), [{ core: "total", ...times }, { core: "0", ...times }])
  })

  it("reads memory in bytes, and takes free memory for available where a kernel does not tell", () => {
    const swap = "SwapTotal: 8 kB\nSwapFree: 4 kB\n"
    assert.deepStrictEqual(Proc.parseMeminfo(`MemTotal:  100 kB\nMemFree: 10 kB\nMemAvailable: 50 kB\n${swap}`), {
      total: 102_400,
      available: 51_200,
      swapTotal: 8192,
      swapFree: 4096
    })
    assert.strictEqual(Proc.parseMeminfo("MemTotal: 100 kB\nMemFree: 10 kB\n")?.available, 10_240)
    assert.strictEqual(Proc.parseMeminfo("nothing of the kind"), undefined)
  })

  it("reads an interface's counters exactly, also without a space before the first", () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0:18446744073709551615 2 0 3 0 0 0 0 4 5 0 6 0 0 0 0
`
    assert.deepStrictEqual(Proc.parseNetDev(text), [{
      name: "eth0",
      receivedBytes: 18446744073709551615n,
      receivedPackets: 2n,
      receiveDrops: 3n,
      sentBytes: 4n,
      sentPackets: 5n,
      sendDrops: 6n
    }])
  })

  it("reads disks in bytes and leaves out those that were never used", () => {
    const text = "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n 254       0 vda 3 0 8 1 5 0 16 2 0 0 0\n"
    assert.deepStrictEqual(Proc.parseDiskstats(text), [
      { name: "vda", reads: 3n, readBytes: 4096n, writes: 5n, writtenBytes: 8192n }
    ])
  })

  it("reads UDP counters by their names", () => {
    const text = "Ip: A\nIp: 1\nUdp: InDatagrams NoPorts OutDatagrams RcvbufErrors\nUdp: 1 2 3 4\nUdpLite: X\n"
    assert.deepStrictEqual(Proc.parseUdp(text), { received: 1n, noPort: 2n, sent: 3n, receiveBufferErrors: 4n })
    assert.strictEqual(Proc.parseUdp(""), undefined)
  })
})
