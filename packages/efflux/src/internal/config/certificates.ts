/**
 * Checks a text of certificates at the start. A wrong certificate would otherwise fail every request later.
 *
 * @since 0.1.0
 */

const allowed = "one or more certificates as PEM text"

/** Returns what is allowed, with the reason and what to do; `undefined` if the text is valid. */
export const certificateProblem = (value: unknown): string | undefined => {
  const texts: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  if (texts.length === 0) return allowed
  let count = 0
  for (const text of texts) {
    if (typeof text !== "string") {
      return ArrayBuffer.isView(text) || text instanceof ArrayBuffer
        ? `${allowed}; DER bytes are converted by "openssl x509 -inform der"`
        : allowed
    }
    if (text.includes("PRIVATE KEY-----")) return `${allowed}; this holds a private key, which no client needs to trust`
    const marks = text.match(/-----BEGIN [^-]+-----/g) ?? []
    if (marks.length === 0) return `${allowed}; this holds none. Of a file, give the content and not the path`
    if (text.includes("\\n")) return `${allowed}; the line feeds of this are written as \\n, replace them by real ones`
    for (const part of text.split(/(?=-----BEGIN )/).filter((part) => part.startsWith("-----BEGIN "))) {
      const problem = problemOf(part)
      count++
      if (problem !== undefined) return `${allowed}; certificate ${count} ${problem}`
    }
  }
  return undefined
}

const problemOf = (part: string): string | undefined => {
  const kind = /^-----BEGIN ([^-]+)-----/.exec(part)?.[1]
  if (!/^(?:TRUSTED |X509 )?CERTIFICATE$/.test(String(kind))) return `is something else: ${kind}`
  const whole = new RegExp(`^-----BEGIN ${kind}-----\\s[A-Za-z0-9+/=\\s]+-----END ${kind}-----`).exec(part)?.[0]
  try {
    const X509Certificate = x509()
    if (whole !== undefined && X509Certificate !== undefined) new X509Certificate(whole)
    return whole === undefined ? "is cut off or damaged" : undefined
  } catch {
    return "is cut off or damaged"
  }
}

// Loaded here and not imported, because the module must load in a browser, where only the form is checked.
const x509 = () => typeof process === "object" ? process.getBuiltinModule?.("node:crypto")?.X509Certificate : undefined
