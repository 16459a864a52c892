/**
 * The TCP transport: line protocol over one connection per sender fiber, for
 * Telegraf, VictoriaMetrics and QuestDB.
 *
 * - A success means that the operating system accepted the payload. A server that reads slowly slows the sender down,
 *   and a full queue drops its oldest points.
 * - Each payload ends with a line feed. A server ignores a line without one, so a truncated payload leaves only
 *   whole lines.
 * - A payload is sent at most once. If its connection breaks meanwhile, or the database closes, it is counted as
 *   `unknown`, because some of its lines may be stored. Earlier bytes that the operating system had accepted but not
 *   delivered were counted as sent, and are lost silently.
 * - A broken connection is replaced, with growing pauses. No payload is started before the connection is open.
 *
 * @since 0.1.0
 */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as Effect from "effect/Effect"
import { PreventSchedulerYield } from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import { InfluxError, OpenFailed, SendFailed } from "../../InfluxError.ts"
import type { Connection, Outcome, Transport } from "../../Transport.ts"
import type { TcpSettings } from "../config/DatabaseSettings.ts"
import * as LookUp from "../http/SharedLookUp.ts"
import { address } from "../text/address.ts"

const lineFeed = new Uint8Array([10])

// How long a connection is idle before it is probed, to detect a host that is gone, in milliseconds.
const keepAliveInitialDelay = 10_000

/**
 * Makes the TCP transport of one database, with sockets of `makeSocket`, Node's
 * by default.
 *
 * @internal
 */
export const make = (settings: TcpSettings, makeSocket = NodeSocket.makeNet): Transport["Service"] => ({
  open: open(settings, LookUp.make(), makeSocket)
})

const open = Effect.fnUntraced(
  function*(
    settings: TcpSettings,
    lookup: ReturnType<typeof LookUp.make>,
    makeSocket: typeof NodeSocket.makeNet
  ): Effect.fn.Return<Connection, InfluxError, Scope.Scope> {
    const { host, port } = settings
    const endpoint = `tcp://${address(host, port)}`
    const socket = yield* makeSocket({
      host,
      port,
      lookup,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay,
      openTimeout: settings.timeout,
      ...unbuffered
    })
    const reader = yield* Effect.mapError(
      socket.reader,
      (error) => new InfluxError({ reason: new OpenFailed({ endpoint, kind: kindOf(error), cause: error.reason }) })
    )
    const writer = yield* socket.writer
    let isBroken = false
    // What is known of the latest payload.
    let latest: Outcome = { sent: 0 }
    // Data from these servers is ignored, but their closing of the connection is not.
    yield* Effect.forkScoped(
      Effect.onExit(Effect.forever(reader.pull), () =>
        Effect.sync(() => {
          isBroken = true
        })).pipe(Effect.exit)
    )
    const failure = (kind: string, cause: unknown) =>
      new InfluxError({ reason: new SendFailed({ endpoint, kind, cause }) })
    const write = (payload: Uint8Array) =>
      writer.writeAll([payload, lineFeed]).pipe(
        // The socket emits `drain` only once, soon after the write. A yield in between would miss it.
        Effect.provideService(PreventSchedulerYield, true),
        // The rest of the payload must neither keep the process alive nor be sent later from a buffer that is already
        // reused.
        Effect.onInterrupt(() => Effect.ignore(writer.write(new Socket.CloseEvent(1000))))
      )
    return {
      isStale: () => isBroken,
      interrupted: () => latest,
      send: (payload, points) => {
        latest = { sent: 0 }
        return Effect.suspend((): Effect.Effect<Outcome, InfluxError> => {
          if (isBroken) return Effect.fail(failure("Closed", new Error("the server closed the connection")))
          latest = { sent: 0, unknown: points }
          return Effect.matchEffect(write(payload), {
            onSuccess: () => Effect.succeed(latest = { sent: points }),
            onFailure: (error) => {
              isBroken = true
              return Effect.succeed({ sent: 0, unknown: points, error: failure(kindOf(error), error.reason) })
            }
          })
        })
      }
    }
  }
)

// Otherwise Node would buffer payloads and report them as written. Node supports the option; its types do not.
const unbuffered: object = { writableHighWaterMark: 1 }

const kindOf = ({ reason }: Socket.SocketError): string => {
  if (reason._tag === "SocketOpenError" && reason.kind === "Timeout") return "Timeout"
  const cause: unknown = "cause" in reason ? reason.cause : undefined
  return cause instanceof Error && "code" in cause ? String(cause.code) : reason._tag
}
