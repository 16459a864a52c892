/** A thread that receives datagrams and forgets them. Its first message is its port. */
import * as Dgram from "node:dgram"
import { parentPort } from "node:worker_threads"

const socket = Dgram.createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 })
socket.on("message", () => {})
socket.bind(0, "127.0.0.1", () => parentPort!.postMessage(socket.address().port))
