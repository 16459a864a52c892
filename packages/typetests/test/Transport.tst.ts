import { Config, Redacted } from "effect"
import { InfluxDatabase } from "efflux"
import { expect, test } from "tstyche"

const token = Redacted.make("secret")

test("each transport takes its own options", () => {
  expect(InfluxDatabase.layer).type.toBeCallableWith({ host: "h", port: 1, ttl: 4 })
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "udp", host: "h", ttl: 4 })
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "tcp", host: "h", timeout: "1 second" })
  expect(InfluxDatabase.layer).type.toBeCallableWith({
    transport: "http",
    version: 1,
    database: "d",
    retentionPolicy: "week"
  })
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "http", version: 2, org: "o", bucket: "b", token })
  expect(InfluxDatabase.layer).type.toBeCallableWith({
    transport: "http",
    version: 3,
    database: "d",
    token,
    noSync: true
  })
})

test("what is missing, foreign or not Redacted does not compile", () => {
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ transport: "http", version: 1 })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ transport: "http", version: 2, bucket: "b" })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({
    transport: "http",
    version: 2,
    org: "o",
    bucket: "b",
    ttl: 4
  })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({
    transport: "http",
    version: 3,
    database: "d",
    token: "secret"
  })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ transport: "tcp", database: "d" })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ transport: "http" })
})

test("layerConfig takes each option as a value or as a Config", () => {
  expect(InfluxDatabase.layerConfig).type.toBeCallableWith({
    transport: "http",
    version: 2,
    org: Config.String("ORG"),
    bucket: "b",
    token: Config.Redacted("TOKEN"),
    tags: { app: "shop", host: Config.String("HOST") },
    pacing: { packetsPerSecond: 100 }
  })
  expect(InfluxDatabase.layerConfig).type.not.toBeCallableWith({
    transport: "http",
    version: 2,
    org: Config.String("ORG"),
    bucket: Config.succeed("b"),
    token: Config.String("TOKEN")
  })
})
