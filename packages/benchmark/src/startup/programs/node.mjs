/** What Node itself needs: a datagram without a library. */
import { createSocket } from "node:dgram"

const socket = createSocket("udp4")
socket.send("m,host=a f=0.5", Number(process.argv[2]), "127.0.0.1", () => socket.close())
