/**
 * The layers of `packages/efflux/src`, from the bottom up. A module imports modules of its own layer
 * and of earlier ones, never of a later one. `oxlint.config.ts` turns this table into lint rules, and
 * `test/layers.test.ts` plants faults to see that they are caught.
 *
 * A new module gets its name into one of the lists: a module without a place may import nothing.
 */

export interface Layer {
  readonly name: string
  /** File names in `packages/efflux/src`, without `.ts`. `internal/X` is a file of that folder. */
  readonly modules: ReadonlyArray<string>
  /** Packages that this layer must not import, as regular expressions for the start of the path, whole segments. */
  readonly forbids: ReadonlyArray<string>
}

/** What makes a module run only on one platform, or talk to the outside. */
const platform = ["effect/socket", "effect/http", "effect/net", "@effect"]

/** Services: what a pure module has no use for. */
const services = ["effect/Context", "effect/Layer"]

const pure = [...platform, ...services, "node:[^/]*"]

export const layers: ReadonlyArray<Layer> = [
  { name: "model", modules: ["EncodeError", "DecodeError", "Dialect", "Point", "Precision"], forbids: pure },
  {
    name: "codec",
    modules: [
      "LineProtocol",
      "LineWriter",
      "Split",
      "KeyTrie",
      "Escape",
      "Decimal",
      "LineReader",
      "LineDecoder",
      "NameCache",
      "SeriesCache",
      "Scanner",
      "Unescape",
      "Digits",
      "Column",
      "ValueReader",
      "SeriesKey",
      "PreparedPoint",
      "Instant",
      "RowReader"
    ],
    forbids: pure
  },
  { name: "statements", modules: ["Literal", "Statement", "InfluxQL", "Flux", "Sql"], forbids: pure },
  { name: "answers", modules: ["ExactJson", "LineBuffer", "Row", "AnswerReader"], forbids: pure },
  {
    name: "errors and metrics",
    modules: ["InfluxError", "OptionReader", "InfluxMetrics", "Ledger"],
    forbids: platform
  },
  { name: "sender contract", modules: ["Sender"], forbids: platform },
  {
    name: "parts of the database",
    modules: [
      "HttpConfig",
      "DatabaseConfig",
      "Stamper",
      "PointSize",
      "SelectiveQueue",
      "Pacer",
      "Resolver",
      "Custody",
      "Packer",
      "Pressure",
      "SelfReport",
      "Reporter"
    ],
    forbids: platform
  },
  { name: "database, whatever the transport", modules: ["SenderPool", "Database"], forbids: platform },
  { name: "HTTP answers", modules: ["RetryAfter", "LineEnds", "Hosts"], forbids: platform },
  {
    name: "transport",
    modules: ["UdpSender", "HttpBody", "HttpExchange", "HttpFailure", "WriteAnswer", "HttpSender", "TcpSender"],
    forbids: []
  },
  {
    name: "queries over HTTP",
    modules: ["QueryConfig", "QueryRequest", "Ping", "RowDecoder", "InfluxHttp", "InfluxAdmin"],
    forbids: platform
  },
  { name: "database service", modules: ["InfluxDatabase"], forbids: platform },
  { name: "shards", modules: ["SeriesHash", "InfluxShards"], forbids: platform },
  // Needs only the type of the database service, and so runs where the codec does: `browser.test.ts` looks.
  { name: "typed series", modules: ["Series"], forbids: [...platform, "node:[^/]*"] },
  { name: "audit", modules: ["Audit"], forbids: platform },
  { name: "default database", modules: ["Influx"], forbids: platform },
  { name: "barrel", modules: ["index"], forbids: platform }
]
