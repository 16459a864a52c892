import { assert, describe, it } from "@effect/vitest"
import * as Proc from "../../src/demo/Proc.ts"

describe("Proc", () => {
  it("reads an interface's counters exactly, also without a space before the first", () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0:18446744073709551615 2 0 3 0 0 0 0 4 5 0 6 0 0 0 0
`
    assert.deepStrictEqual(Proc.network(text), [{
      measurement: "network",
      tags: { interface: "eth0" },
      fields: {
        received_bytes: 18446744073709551615n,
        received_packets: 2n,
        receive_drops: 3n,
        sent_bytes: 4n,
        sent_packets: 5n,
        send_drops: 6n
      }
    }])
  })

  it("reads disks in bytes and leaves out those that were never used", () => {
    const text = "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n 254       0 vda 3 0 8 1 5 0 16 2 0 0 0\n"
    assert.deepStrictEqual(Proc.disks(text), [{
      measurement: "disk",
      tags: { device: "vda" },
      fields: { reads: 3n, read_bytes: 4096n, writes: 5n, written_bytes: 8192n }
    }])
  })

  it("reads UDP counters by their names", () => {
    const text = "Ip: A\nIp: 1\nUdp: InDatagrams NoPorts OutDatagrams RcvbufErrors\nUdp: 1 2 3 4\nUdpLite: X\n"
    assert.deepStrictEqual(Proc.udp(text), [{
      measurement: "udp",
      fields: { received: 1n, sent: 3n, receive_buffer_errors: 4n, no_port: 2n }
    }])
    assert.deepStrictEqual(Proc.udp(""), [])
  })
})
