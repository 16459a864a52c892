/** The processes of a comparison of queries. */
import * as Program from "@efflux/testkit/Program"
import { Effect } from "effect"
import type { Functions as Contender } from "./contender.ts"
import type { Functions as Replay } from "./replay.ts"

/** Runs a client, by its name. `node` are options of Node. */
export const ask = (name: string, url: string, node: ReadonlyArray<string> = []) =>
  Program.ask(
    { module: new URL("contender.ts", import.meta.url), options: { name, url }, node },
    (contender: Program.Program<Contender>) => contender.ask()
  )

/** Starts a server that answers with that many rows, for the life of the scope, and returns its URL. */
export const replay = (rows: number) =>
  Effect.flatMap(
    Program.start<Replay>({ module: new URL("replay.ts", import.meta.url), options: rows }),
    (server) => server.url()
  )
