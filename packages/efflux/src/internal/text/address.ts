/**
 * Addresses in the form that messages show.
 *
 * @since 0.1.0
 */

/**
 * A host and its port. An IPv6 address stands in brackets.
 *
 * @internal
 */
export const address = (host: string, port: number | undefined): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`
