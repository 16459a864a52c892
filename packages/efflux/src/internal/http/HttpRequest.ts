/**
 * What a server is asked over HTTP, within which bounds, and what it answers.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Stream from "effect/Stream"
import type { InfluxError } from "../../InfluxError.ts"
import type { ServerSettings } from "../config/DatabaseSettings.ts"

/**
 * Where and how to ask. All values are checked by whoever makes them from options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Partial<ServerSettings> {
  /** The server's base URL, without credentials, query and fragment; a path stands before those of the requests. */
  readonly url: string
  /** Bytes of an answer at the most, before and after inflation; default 16 MiB. */
  readonly maxAnswerBytes?: number | undefined
  /** Connections at the most, default as many as there are requests at a time; more requests wait for one. */
  readonly connections?: number | undefined
  /**
   * Holds the client to use instead of Node's; `connections`, `ca`, `socketPath` and `maxConnectionAge` are then its own
   * matter. A context, because the key of the client is loaded with the first request.
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
  /** Copied, or compressed, before the first wait: the caller may change it when the exchange has ended. */
  readonly body?: Uint8Array | undefined
  /** Whether the body is sent compressed, default `false`. */
  readonly gzip?: boolean | undefined
  readonly contentType?: string | undefined
  /**
   * Makes the request one that can be sent twice: it is sent again when a connection that was kept turns out to be
   * closed, and this is called before. Without it the request is sent at most once, over a connection of its own.
   */
  readonly onRepeat?: (() => void) | undefined
  /** Instead of those of {@link Options}. */
  readonly timeout?: number | undefined
  readonly maxAnswerBytes?: number | undefined
  /** Bytes of the body of an answer that is no success, default 64 KiB. What is behind is not read, and no error. */
  readonly maxErrorBytes?: number | undefined
}

/**
 * A whole answer. A body that was encoded is inflated.
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
  /** As the server sent it: a text of it goes into an error by way of `withoutSecrets`. */
  readonly body: Uint8Array
  /** Hides the credentials in a text of the server, before it goes into an error. */
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
