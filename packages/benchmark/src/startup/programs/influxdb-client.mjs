/** A point over HTTP, as this client has no UDP. */
import { InfluxDB, Point } from "@influxdata/influxdb-client"

const api = new InfluxDB({ url: `http://127.0.0.1:${process.argv[2]}`, token: "t" }).getWriteApi("o", "b")
api.writePoint(new Point("m").tag("host", "a").floatField("f", 0.5))
await api.close()
