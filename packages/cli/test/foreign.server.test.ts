/**
 * Programs of others send to a listener: clients for Node, Python and Perl, collectd, and vmagent. What they send is
 * decoded, or it is explained why not.
 */
/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/valid-describe-callback, vitest/expect-expect -- the suites are the callers' */
import { assert, describe, it } from "@effect/vitest"
import { VmAgent } from "@efflux/testkit"
import { describeVictoriaBinary } from "@efflux/testkit/realServer"
import { InfluxDB, Point } from "@influxdata/influxdb-client"
import { Effect, Stream } from "effect"
import { LineListener } from "efflux"
import * as Influx from "influx"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Run, start, temporaryFolder, untilTestEnds } from "./support/efflux.ts"

/** A suite for a program of Debian's; where it is missing it is skipped aloud, or fails with `CI=true`. */
const describeProgram = (file: string, debianPackage: string, body: () => void): void => {
  const isThere = Fs.existsSync(file)
  if (!isThere) console.log(`no ${file} here, so its tests are skipped: apt-get install ${debianPackage}`)
  if (!isThere && process.env.CI === "true") {
    describe(debianPackage, () => {
      it("is installed", () => assert.fail(`no ${file}: apt-get install ${debianPackage}`))
    })
  } else describe.skipIf(!isThere)(debianPackage, body)
}

const program = (file: string, args: ReadonlyArray<string>) => new Run(spawn(file, args))

const take = (listener: LineListener.Listener, count: number) =>
  Effect.runPromise(Stream.runCollect(Stream.take(listener.points, count)))

const takeReceived = (listener: LineListener.Listener, count: number) =>
  Effect.runPromise(Stream.runCollect(Stream.take(listener.received, count)))

describe("clients from npm", () => {
  it("influxdb-client writes to /api/v2/write, also with gzip", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0, dialect: "influx-2" }))
    for (const gzipThreshold of [0, 1_000_000]) {
      const client = new InfluxDB({ url: `http://127.0.0.1:${listener.http!.port}`, token: "t" })
      const writer = client.getWriteApi("o", "my bucket", "ms", { gzipThreshold, maxRetries: 0 })
      writer.writePoint(
        new Point("m,= x").tag("a b", "c,d=e").floatField("f", 1 / 3).intField("i", 7).uintField("u", 8)
          .stringField("s", "a \"b\" \\ c\nd").booleanField("b", true).timestamp("1700000000001")
      )
      await writer.close()
      const [received] = await takeReceived(listener, 1)
      assert.strictEqual(received!.source.database, "my bucket")
      assert.isTrue(received!._tag === "Point")
      if (received!._tag !== "Point") return
      const { fields, measurement, tags, timestamp } = received!.point
      assert.strictEqual(measurement, "m,= x")
      assert.deepStrictEqual(tags, { "a b": "c,d=e" })
      assert.deepInclude(fields, { f: 1 / 3, i: 7n, s: "a \"b\" \\ c\nd", b: true })
      assert.strictEqual(timestamp, 1_700_000_000_001_000_000n)
    }
  })

  it("node-influx writes to /write, and its unescaped measurement is explained", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0 }))
    const client = new Influx.InfluxDB({ host: "127.0.0.1", port: listener.http!.port, database: "d" })
    await client.writePoints([{
      measurement: "cpu",
      tags: { host: "a b,c=d" },
      fields: { load: 0.5, text: "a \"b\"" },
      timestamp: new Date(1_700_000_000_001)
    }])
    const [point] = await take(listener, 1)
    assert.deepStrictEqual(point, {
      measurement: "cpu",
      tags: { host: "a b,c=d" },
      fields: { load: 0.5, text: "a \"b\"" },
      timestamp: 1_700_000_000_001_000_000n
    })
    const failure = await client.writePoints([{ measurement: "my meas", fields: { v: 1 } }]).then(
      () => undefined,
      String
    )
    assert.match(failure!, /partial write: unable to parse 'my meas v=1/)
    const [error] = await takeReceived(listener, 1)
    assert.isTrue(error!._tag === "Error" && error.excerpt!.text.startsWith("my meas v=1"))
    const found = await client.ping(5000)
    assert.deepStrictEqual(found.map(({ online }) => online), [true])
  })
})

describeProgram("/usr/lib/python3/dist-packages/influxdb/__init__.py", "python3-influxdb", () => {
  it("writes over HTTP and UDP", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0, udp: 0 }))
    const script = `
from influxdb import InfluxDBClient
points = [{"measurement": "cpu load", "tags": {"host": "a,b"}, "time": 1700000000000000001,
           "fields": {"f": 0.5, "i": 7, "s": "a \\"b\\"", "b": True}}]
client = InfluxDBClient("127.0.0.1", ${listener.http!.port}, database="d")
client.ping()
client.write_points(points)
InfluxDBClient("127.0.0.1", database="d", use_udp=True, udp_port=${listener.udp!.port}).write_points(points)
`
    const { code, err } = await program("/usr/bin/python3", ["-c", script]).ended
    assert.strictEqual(code, 0, err)
    const expected = {
      measurement: "cpu load",
      tags: { host: "a,b" },
      fields: { b: true, f: 0.5, i: 7n, s: "a \"b\"" },
      timestamp: 1_700_000_000_000_000_001n
    }
    const received = await takeReceived(listener, 2)
    assert.deepStrictEqual(received.map((received) => received._tag === "Point" ? received.point : received), [
      expected,
      expected
    ])
    assert.deepStrictEqual(received.map(({ source }) => source.transport), ["http", "udp"])
  })
})

describeProgram("/usr/share/perl5/InfluxDB/LineProtocol.pm", "libinfluxdb-lineprotocol-perl", () => {
  it("writes lines that are sent over TCP", async () => {
    const listener = await untilTestEnds(LineListener.make({ tcp: 0 }))
    const script = `
use InfluxDB::LineProtocol qw(data2line);
use IO::Socket::INET;
my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => ${
      listener.tcp!.port
    }, Proto => "tcp") or die $!;
print $socket data2line("cpu load", {f => 0.5, i => 7, s => 'a "b"'}, {host => "a,b"}, 1700000000000000001), "\\n";
print $socket data2line("plain", 42), "\\n";
close $socket;
`
    const { code, err } = await program("/usr/bin/perl", ["-e", script]).ended
    assert.strictEqual(code, 0, err)
    const [first, second] = await take(listener, 2)
    assert.deepStrictEqual(first, {
      measurement: "cpu load",
      tags: { host: "a,b" },
      fields: { f: 0.5, i: 7n, s: "a \"b\"" },
      timestamp: 1_700_000_000_000_000_001n
    })
    assert.deepStrictEqual(second!.fields, { value: 42n })
  })
})

describeProgram("/usr/lib/collectd/write_influxdb_udp.so", "collectd-core", () => {
  it("sends its figures to efflux listen, every line of which is good", async () => {
    const folder = temporaryFolder()
    const run = start(["listen", "--udp", "0", "--precision", "ms", "--json", "--count", "20"])
    const port = await run.port("udp")
    const config = Path.join(folder, "collectd.conf")
    Fs.writeFileSync(
      config,
      `BaseDir "${folder}"
PIDFile "${folder}/pid"
TypesDB "/usr/share/collectd/types.db"
Hostname "a host"
FQDNLookup false
Interval 0.5
LoadPlugin load
LoadPlugin memory
LoadPlugin uptime
LoadPlugin write_influxdb_udp
<Plugin write_influxdb_udp>
  Server "127.0.0.1" "${port}"
</Plugin>
`
    )
    const collectd = program("/usr/sbin/collectd", ["-f", "-C", config])
    const { code, err, out } = await run.ended
    assert.strictEqual(code, 0)
    assert.match(err, /; no errors, nothing dropped\n$/)
    const points = out.trimEnd().split("\n").map((line) => JSON.parse(line))
    assert.isTrue(points.every(({ type }) => type === "point"))
    assert.isTrue(points.every(({ tags }) => tags.host === "a host"))
    const measurements = new Set(points.map(({ measurement }) => measurement.replace(/_.*/, "")))
    assert.deepStrictEqual([...measurements].sort(), ["load", "memory", "uptime"])
    const now = Date.now()
    // JSON.parse rounds the nanoseconds, far less than is asked here.
    assert.isTrue(points.every(({ timestamp }) => Math.abs(timestamp / 1e6 - now) < 600_000))
    collectd.child.kill("SIGKILL")
    await collectd.ended
  })
})

describeVictoriaBinary("vmagent", () => {
  it("writes in Prometheus' format, which is refused with the reason", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0 }))
    const agent = await untilTestEnds(VmAgent.make({ victoriaUrl: `http://127.0.0.1:${listener.http!.port}` }))
    await Effect.runPromise(agent.request("POST", "/write", { body: "m v=1" }))
    const [received] = await takeReceived(listener, 1)
    assert(received!._tag === "Refused")
    assert.strictEqual(received.request, "POST /api/v1/write")
    assert.include(received.reason, "takes line protocol at /write")
  })
})
