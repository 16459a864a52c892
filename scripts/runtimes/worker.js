/** Runs the checks in workerd, one request at a time. */
import { run } from "./checks.js"

export default {
  fetch: async (request) => Response.json(await run(await request.json()))
}
