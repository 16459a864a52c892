/**
 * Starts real servers for tests (`influxd`, VictoriaMetrics), and receives UDP.
 *
 * `@efflux/testkit/realServer`, `globalSetup` and `secretReporter` need Vitest
 * and are imported by their own names.
 */

export * as AnnotatedCsv from "./AnnotatedCsv.ts"
export * as Binary from "./Binary.ts"
export * as ExactJson from "./ExactJson.ts"
export * as FaultServer from "./FaultServer.ts"
export * as InfluxServer from "./InfluxServer.ts"
export { kernelDrops, type UdpSocketState, udpSocketState } from "./kernelDrops.ts"
export * as MsgPack from "./MsgPack.ts"
export * as SecretWatch from "./SecretWatch.ts"
export * as StrictV2 from "./StrictV2.ts"
export * as StrictV3 from "./StrictV3.ts"
export * as UdpSink from "./UdpSink.ts"
export * as VictoriaServer from "./VictoriaServer.ts"
export * as VmAgent from "./VmAgent.ts"
export { sleep, waitFor, type WaitOptions, WaitTimeout } from "./waitFor.ts"
