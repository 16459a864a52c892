/** Starts the programs of this package, in a network namespace or in that of this process. */
import * as Program from "@efflux/testkit/Program"
import * as Host from "./Host.ts"
import type { Namespace } from "./Namespace.ts"

/** Where and how a program runs. */
export interface Place extends Pick<Program.Options, "node" | "timeout"> {
  readonly namespace?: Namespace | undefined
}

/** Starts the program of a file in `programs`. The kernel kills it when this process dies. */
export const start = <Functions>(name: string, options: unknown, { namespace, ...place }: Place) =>
  Program.start<Functions>({
    module: new URL(`./programs/${name}.ts`, import.meta.url),
    options,
    inside: [
      ...(namespace === undefined ? [] : ["ip", "netns", "exec", namespace.name]),
      "setpriv",
      "--pdeathsig",
      "KILL"
    ],
    env: Host.env,
    ...place
  })

/** Milliseconds on a clock that all processes of the machine share. */
export const machineMillis = (): number => Number(process.hrtime.bigint()) / 1e6
