/**
 * Asks a real InfluxDB 1 for hostile values, tags and names through the statement builder, and prints how it went:
 *
 *     node packages/efflux/test/query/hostileStatements.ts 100000 42
 *
 * The numbers are how many texts, by default 100 000, and the seed.
 */
import { InfluxServer } from "@efflux/testkit"
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect } from "effect"
import { run } from "../support/hostileStatements.ts"

const [count = "100000", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const server = yield* InfluxServer.make()
  return yield* run(server, Number(count), new SeededRandom(Number(seed)))
})

console.log(`seed ${seed}`)
const start = performance.now()
Effect.runPromise(Effect.scoped(program)).then(
  ({ names, statements, tags, values }) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(
      `${values + tags + names} texts (${values} values, ${tags} tags, ${names} names) in ${statements} statements: ` +
        `each one statement, each text as it was, nothing else read or changed; ${seconds} s`
    )
  },
  (error) => {
    console.error(error)
    process.exitCode = 1
  }
)
