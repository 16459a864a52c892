import { fileURLToPath } from "node:url"

/** The command as its sources have it. */
export const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
