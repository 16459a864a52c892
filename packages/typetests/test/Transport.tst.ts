import { Config, Redacted } from "effect"
import { InfluxDatabase } from "efflux"
import { expect, test } from "tstyche"

const token = Redacted.make("secret")
const { layer, layerConfig } = InfluxDatabase

test("each transport takes its own options", () => {
  expect(layer).type.toBeCallableWith({ host: "h", port: 1, ttl: 4 })
  expect(layer).type.toBeCallableWith({ transport: "udp", host: "h", ttl: 4 })
  expect(layer).type.toBeCallableWith({ transport: "tcp", host: "h", timeout: "1 second" })
  expect(layer).type.toBeCallableWith({ transport: "http", version: 1, database: "d", retentionPolicy: "week" })
  expect(layer).type.toBeCallableWith({ transport: "http", version: 2, org: "o", bucket: "b", token })
  expect(layer).type.toBeCallableWith({ transport: "http", version: 3, database: "d", token, noSync: true })
})

test("what is missing, foreign or not Redacted does not compile", () => {
  expect(layer).type.not.toBeCallableWith({ transport: "http", version: 1 })
  expect(layer).type.not.toBeCallableWith({ transport: "http", version: 2, bucket: "b" })
  expect(layer).type.not.toBeCallableWith({ transport: "http", version: 2, org: "o", bucket: "b", ttl: 4 })
  expect(layer).type.not.toBeCallableWith({ transport: "http", version: 3, database: "d", token: "secret" })
  expect(layer).type.not.toBeCallableWith({ transport: "tcp", database: "d" })
  expect(layer).type.not.toBeCallableWith({ transport: "http" })
})

test("layerConfig takes each option as a value or as a Config", () => {
  expect(layerConfig).type.toBeCallableWith({
    transport: "http",
    version: 2,
    org: Config.String("ORG"),
    bucket: "b",
    token: Config.Redacted("TOKEN"),
    tags: { app: "shop", host: Config.String("HOST") },
    pacing: { packetsPerSecond: 100 }
  })
  expect(layerConfig).type.not.toBeCallableWith({
    transport: "http",
    version: 2,
    org: Config.String("ORG"),
    bucket: Config.succeed("b"),
    token: Config.String("TOKEN")
  })
})
