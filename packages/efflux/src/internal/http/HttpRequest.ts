/**
 * Requests to a server over HTTP, their limits, and the answers.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Stream from "effect/Stream"
import type { InfluxError } from "../../InfluxError.ts"
import type { ServerSettings } from "../config/DatabaseSettings.ts"

/**
 * The server and the limits. All values were checked when they were made from options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Partial<ServerSettings> {
  /** The server's base URL, without credentials, query and fragment; its path comes before those of the requests. */
  readonly url: string
  /** The most bytes of an answer, before and after decompression; default 16 MiB. */
  readonly maxAnswerBytes?: number | undefined
  /** The most connections, default one for each concurrent request; further requests wait. */
  readonly connections?: number | undefined
  /**
   * Contains the client to use instead of Node's; `connections`, `ca`, `socketPath` and `maxConnectionAge` then have no
   * effect. It is a context because the key of the client is loaded with the first request.
   */
  readonly client?: Context.Context<HttpClient.HttpClient> | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  /** Begins with a slash. */
  readonly path: string
  readonly params?: { readonly [name: string]: string | undefined } | undefined
  /** Names are in lower case. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Copied or compressed before the first wait. The caller may change it when the exchange has ended. */
  readonly body?: Uint8Array | undefined
  /** Whether the body is sent compressed, default `false`. */
  readonly gzip?: boolean | undefined
  readonly contentType?: string | undefined
  /**
   * With this function the request may be sent twice: it is called before the request is sent again because a kept
   * connection turned out to be closed. Without it the request is sent at most once, over a new connection.
   */
  readonly onRepeat?: (() => void) | undefined
  /** Called when there is a connection for the request: before that, nothing of it can have left. */
  readonly onConnected?: (() => void) | undefined
  /** Instead of those of {@link Options}. */
  readonly timeout?: number | undefined
  readonly maxAnswerBytes?: number | undefined
  /** The number of bytes to read of the body of an unsuccessful answer, default 64 KiB. The rest is ignored. */
  readonly maxErrorBytes?: number | undefined
}

/**
 * A complete answer. Its body is decompressed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly endpoint: string
  /** The path of the request. */
  readonly path: string
  readonly status: number
  /** Names are in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** As the server sent it. Before a text of it goes into an error, apply `withoutSecrets`. */
  readonly body: Uint8Array
  /** Hides the credentials in a text from the server that goes into an error. */
  readonly withoutSecrets: (text: string) => string
}

/**
 * An answer whose body is still to be read, within the scope that it was asked in.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenAnswer extends Omit<Answer, "body"> {
  readonly body: Stream.Stream<Uint8Array, InfluxError>
}

/**
 * The defaults of {@link Options} and {@link Request}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  timeout: 10_000,
  maxAnswerBytes: 16 * 1024 * 1024,
  maxErrorBytes: 64 * 1024,
  maxConnectionAge: 60_000
} as const
