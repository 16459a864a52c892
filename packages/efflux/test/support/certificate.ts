/**
 * A certificate that signs itself, for `localhost` and 127.0.0.1, until 2126. It is worth nothing outside of tests:
 *
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost \
 *   -addext subjectAltName=DNS:localhost,IP:127.0.0.1
 */
import { Effect } from "effect"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUeo21gq9Z16hTFaks9BKIm8oJx/owCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDE1NDQ1MVoYDzIxMjYxMDMx
MTU0NDUxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATmo7Ffrm2fc2qbfwBGqbm8MB+7vGNjhf0oWyHmmcJgUIsz+NABJSqZ
W2RQ8Yric4UJe6adRZA4h10naLAfBTvoo28wbTAdBgNVHQ4EFgQUx+bE2p2vKpEB
/opa/pkyHQKwcAQwHwYDVR0jBBgwFoAUx+bE2p2vKpEB/opa/pkyHQKwcAQwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgW2M/gohvWIjZVUWLWBuScgRN5ReRzGdgujSPxBfv8u8CIBNr
JqBGeFvfohzVUp4w5w1tVDwG0sqaf0lvriSnJDDI
-----END CERTIFICATE-----
`

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjqLUijHRoayCpd4H
dwfD4xELHiA8bZT6dCMSeqFUbvehRANCAATmo7Ffrm2fc2qbfwBGqbm8MB+7vGNj
hf0oWyHmmcJgUIsz+NABJSqZW2RQ8Yric4UJe6adRZA4h10naLAfBTvo
-----END PRIVATE KEY-----
`

/** The port of a server with that certificate, on every address, which gives each request the same answer. */
export const httpsPort = (status: number, body?: string) =>
  Effect.acquireRelease(
    Effect.callback<Https.Server>((resume) => {
      const server = Https.createServer(
        { cert: certificate, key },
        (_, response) => response.writeHead(status).end(body)
      )
      server.listen(0, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => (server.address() as AddressInfo).port))
