/** A value over UDP. */
import { StatsD } from "hot-shots"

const client = new StatsD({ host: "127.0.0.1", port: Number(process.argv[2]) })
client.gauge("m", 0.5, { host: "a" })
client.close()
