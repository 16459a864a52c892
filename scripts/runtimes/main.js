/** Runs the checks where there is a process: Node, Bun and Deno. */
import { run } from "./checks.js"

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]))))
process.exit(0)
