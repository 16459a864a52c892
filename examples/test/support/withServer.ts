/** Examples that need a real InfluxDB 1: `querying.server.test.ts` runs them. */
export const withServer = ["audit", "query"] as const
