import { Redacted } from "effect"
import { ClientConfig, DatabaseConfig, InfluxClient, InfluxDatabase, InfluxShards } from "efflux"
import { expect, test } from "tstyche"

const token = Redacted.make("secret")
const one = { version: 1, url: "http://h", database: "d", username: "u", password: token } as const
const two = { version: 2, url: "http://h", org: "o", token } as const
const three = { version: 3, url: "http://h", database: "d", token } as const

test("one object says which server is written to and asked", () => {
  expect(InfluxClient.layer).type.toBeCallableWith(one)
  expect(InfluxClient.layer).type.toBeCallableWith(two)
  expect(InfluxClient.layer).type.toBeCallableWith(three)
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "http", ...one })
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "http", bucket: "b", ...two })
  expect(InfluxDatabase.layer).type.toBeCallableWith({ transport: "http", ...three })
})

test("name is the database's and database the server's", () => {
  expect(InfluxDatabase.layer).type.toBeCallableWith({ name: "metrics" })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ db: "metrics" })
  expect(InfluxDatabase.layer).type.not.toBeCallableWith({ transport: "http-v1", database: "metrics" })
  expect(InfluxClient.layer).type.not.toBeCallableWith({ version: 1, name: "metrics" })
})

test("options that are fixed are options of a database, and need not be all", () => {
  expect(DatabaseConfig.config).type.toBeCallableWith("INFLUX", { transport: "http", version: 3 })
  expect(DatabaseConfig.config).type.toBeCallableWith("INFLUX", { tags: { app: "shop" }, ttl: 3 })
  expect(DatabaseConfig.config).type.not.toBeCallableWith("INFLUX", { transport: "tcp", ttl: 3 })
  expect(DatabaseConfig.config).type.not.toBeCallableWith("INFLUX", { port: "8089" })
  expect(ClientConfig.config).type.toBeCallableWith("INFLUX", { version: 3 })
  expect(ClientConfig.config).type.not.toBeCallableWith("INFLUX", { version: 4 })
})

test("shards take the options of databases, and Configs of them", () => {
  expect(InfluxShards.layer).type.toBeCallableWith({ shards: { a: { port: 1 }, b: { transport: "http", ...one } } })
  expect(InfluxShards.layer).type.not.toBeCallableWith({ shards: { a: { prot: 1 } } })
  expect(InfluxShards.layerConfig).type.toBeCallableWith({ shards: { a: DatabaseConfig.config("A") } })
})

test("an option may be undefined", () => {
  expect(InfluxDatabase.layer).type.toBeCallableWith({ host: undefined, queueBytes: undefined, transport: undefined })
})

test("defaults have the values that a user would give", () => {
  expect(DatabaseConfig.defaults.udp.port).type.toBe<number>()
  expect(DatabaseConfig.defaults.http[3].dialect).type.toBe<
    "influx-1" | "influx-2" | "influx-3" | "telegraf" | "victoria-metrics"
  >()
  expect(DatabaseConfig.defaults.udp).type.not.toHaveProperty("queueBytes")
})
