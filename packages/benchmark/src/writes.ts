/**
 * `bench:write [rounds] [milliseconds]`
 *
 * Writes the request point over HTTP with Efflux and with other clients to a server that takes everything, each client in
 * a process of its own, in turn. All points must arrive. Prints points per second and processor time a point, and how much
 * faster Efflux is than the fastest other client: without gzip and with it, each against its like.
 */
import { median } from "./Measure.ts"
import { figure, machine, tableText, versions } from "./Report.ts"
import { compare, type Compared } from "./transport/compare.ts"
import { writers } from "./transport/writers.ts"

const [rounds = "5", millis = "1000"] = process.argv.slice(2)

console.log(machine())
console.log(versions())

for (const gzip of [false, true]) {
  const compared = await compare(
    { rounds: Number(rounds), millis: Number(millis) },
    writers.filter((writer) => writer.gzip === gzip)
  )
  const times = compared.map(({ name, rounds, bytes }) => ({
    name,
    bytes,
    nanos: median(rounds.map(({ nanos }) => nanos)),
    cpu: median(rounds.map(({ cpu }) => cpu))
  }))
  console.log(`\n${gzip ? "gzip" : "no gzip"}\n`)
  console.log(tableText({
    heads: ["", "points/s", "CPU ns a point", "bytes a point"],
    rows: times.map(({ bytes, cpu, name, nanos }) => [name, (1e9 / nanos).toFixed(0), figure(cpu), bytes.toFixed(0)])
  }))
  const isEfflux = ({ id }: { readonly id: string }) => id.startsWith("write-efflux")
  // Round by round against whichever other client was best in it, so that the noise of the machine is the same for both.
  const ratio = (own: Compared, of: "nanos" | "cpu") =>
    median(
      own.rounds.map((round, i) =>
        Math.min(...compared.filter((other) => !isEfflux(other)).map((other) => other.rounds[i][of])) / round[of]
      )
    )
  for (const own of compared.filter(isEfflux)) {
    console.log(
      `${own.name.replaceAll("*", "")}: ${ratio(own, "nanos").toFixed(2)} times as fast as the fastest other client, `
        + `${ratio(own, "cpu").toFixed(2)} times as little processor time as the one that takes least`
    )
  }
}
