export { SeededRandom } from "@efflux/testkit/SeededRandom"
