/** S1, S3: what a server repeats of the credentials is hidden in every form, and nothing else is. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as Secrets from "../../src/internal/http/Secrets.ts"

const scrub = (password: string) =>
  Secrets.scrubber({ scheme: "Basic", username: "admin", password: Redacted.make(password) })

const html: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;" }

/** The names of HTML for all ASCII punctuation that has one. */
const names: Record<string, string> = Object.fromEntries(
  ("! excl|\" quot|# num|$ dollar|% percnt|& amp|' apos|( lpar|) rpar|* ast|+ plus|, comma|. period|/ sol|: colon|; semi|< lt"
    + "|= equals|> gt|? quest|@ commat|[ lsqb|\\ bsol|] rsqb|^ Hat|_ lowbar|` grave|{ lcub|} rcub|\t Tab|\n NewLine")
    .split("|").map((entry) => entry.split(" "))
)

const named = (text: string, end: string) =>
  text.replace(/[^\w -]|_/g, (c) => c === "|" ? `&verbar${end}` : Object.hasOwn(names, c) ? `&${names[c]}${end}` : c)

const base64 = (text: string) => Buffer.from(text).toString("base64")
const base64url = (text: string) => Buffer.from(text).toString("base64url")

const unicode = (text: string) => text.replace(/[^]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)

const bytesOf = (text: string) => Array.from(Buffer.from(text))
const hexOf = (byte: number) => byte.toString(16).padStart(2, "0")

/** Quoted-printable, where only what has to be is quoted. */
const quoted = (text: string) =>
  bytesOf(text).map((byte) =>
    byte === 61 || byte < 32 || byte > 126 ? `=${hexOf(byte).toUpperCase()}` : String.fromCharCode(byte)
  )
    .join("")

const forms: Record<string, (text: string) => string> = {
  "as it is": (text) => text,
  "JSON": (text) => JSON.stringify(text).slice(1, -1),
  "JSON of Go": (text) =>
    JSON.stringify(text).slice(1, -1).replace(/[&<>]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "JSON of PHP": (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  "JSON, all escaped": unicode,
  "JSON, all escaped in upper case": (text) => unicode(text).replace(/u..../g, (c) => `u${c.slice(1).toUpperCase()}`),
  "JSON in JSON": (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
  "HTML": (text) => text.replace(/[&<>"']/g, (c) => html[c]),
  "HTML, decimal": (text) => text.replace(/[^]/gu, (c) => `&#${c.codePointAt(0)};`),
  "HTML, hexadecimal": (text) => text.replace(/[^]/gu, (c) => `&#x${c.codePointAt(0)!.toString(16)};`),
  "HTML, decimal, without semicolons": (text) => text.replace(/[^]/gu, (c) => `&#${c.codePointAt(0)}`),
  "HTML, hexadecimal, without semicolons": (text) =>
    text.replace(/[^]/gu, (c) => `&#X00${c.codePointAt(0)!.toString(16)}`),
  "HTML, named": (text) => named(text, ";"),
  "HTML, named, without semicolons": (text) => named(text, ""),
  "HTML, named, of JSON": (text) => named(JSON.stringify(text).slice(1, -1), ";"),
  "HTML, named, of HTML": (text) => named(named(text, ";"), ";"),
  "percent": encodeURIComponent,
  "percent, in lower case": (text) => encodeURIComponent(text).replace(/%../g, (c) => c.toLowerCase()),
  "a form": (text) => String(new URLSearchParams({ p: text })).slice(2),
  "percent twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "HTML of JSON": (text) => JSON.stringify(text).slice(1, -1).replace(/[&<>"']/g, (c) => html[c]),
  "a quoted string of Go": (text) => `\\"${JSON.stringify(text).slice(1, -1)}\\"`,
  "in lines": (text) => text.replace(/[^]{5}(?!$)/gu, "$&\n"),
  "in lines of a header": (text) => text.replace(/[^]{4}(?!$)/gu, "$&\r\n\t"),
  "with what can't be seen": (text) => Array.from(text).join("\u200b"),
  "base 64": (text) => Buffer.from(text).toString("base64"),
  "base 64 in lines": (text) => Buffer.from(text).toString("base64").replace(/.{8}(?!$)/g, "$&\n"),
  "hexadecimal": (text) => Buffer.from(text).toString("hex"),
  "HEXADECIMAL in lines": (text) => Buffer.from(text).toString("hex").toUpperCase().replace(/.{8}(?!$)/g, "$& "),
  "octal": (text) => Array.from(Buffer.from(text), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  "in capitals": (text) => text.toUpperCase(),
  "in lower case": (text) => text.toLowerCase(),
  "capitalised": (text) => text.replace(/[a-z]+/g, (word) => word[0].toUpperCase() + word.slice(1)),
  "JSON in capitals": (text) => JSON.stringify(text).slice(1, -1).toUpperCase(),
  "percent in lower case": (text) => encodeURIComponent(text).toLowerCase(),
  "base 64 in capitals": (text) => base64(text).toUpperCase(),
  "base 64 of base 64": (text) => base64(base64(text)),
  "URL-safe base 64 of URL-safe base 64": (text) => base64url(base64url(text)),
  "base 64 of hexadecimal": (text) => base64(Buffer.from(text).toString("hex")),
  "hexadecimal of base 64": (text) => Buffer.from(base64(text)).toString("hex"),
  "base 64 of JSON": (text) => base64(JSON.stringify(text).slice(1, -1)),
  "base 64 of percent": (text) => base64(encodeURIComponent(text)),
  "percent of base 64 of base 64": (text) => encodeURIComponent(base64(base64(text))),
  "percent of percent of percent": (text) => encodeURIComponent(encodeURIComponent(encodeURIComponent(text))),
  "JSON of HTML of JSON": (text) =>
    JSON.stringify(JSON.stringify(text).slice(1, -1).replace(/[&<>"']/g, (c) => html[c])).slice(1, -1),
  "quoted-printable": quoted,
  "quoted-printable in lines": (text) => quoted(text).replace(/(?:=..|[^=]){7}(?!$)/g, "$&=\r\n"),
  "quoted-printable, all quoted": (text) => bytesOf(text).map((byte) => `=${hexOf(byte)}`).join(""),
  "percent of UTF-16": (text) => unicode(text).replaceAll("\\", "%"),
  "hexadecimal with colons": (text) => bytesOf(text).map(hexOf).join(":"),
  "bytes, as Go has them": (text) => bytesOf(text).join(" "),
  "bytes, as JavaScript has them": (text) => bytesOf(text).join(", "),
  "HTML of percent": (text) => encodeURIComponent(text).replace(/[^\w]/g, (c) => `&#${c.charCodeAt(0)};`)
}

const btoaOf = (text: string) => Buffer.from(text).toString("base64").replace(/=+$/, "")
const hiddenTwice = "no: <redacted>; the password is <redacted>"

const passwords = [
  "hunter2-hunter2",
  "a&b<c>d\"e'f/g",
  "back\\slash\\\\es",
  "with space and + plus",
  "50% off & ümläut / 日本",
  "😀 emoji 😀",
  "line\nfeed\ttab",
  "%41%42 &amp; \\u0041",
  "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
  "t0k_en+/==&lt;&sol"
]

describe("a password that a server repeats is hidden", () => {
  for (const [name, form] of Object.entries(forms)) {
    it.each(passwords)(`${name}: %j`, (password) => {
      const said = `access denied for admin, you said ${form(password)}: go away`
      assert.strictEqual(
        scrub(password)(said).replace(/\\"<redacted>\\"/, "<redacted>"),
        "access denied for admin, you said <redacted>: go away"
      )
    })
  }

  it.each(passwords)("as the header has it: %j", (password) => {
    const header = Buffer.from(`admin:${password}`).toString("base64")
    assert.strictEqual(scrub(password)(`no: Basic ${header}`), "no: Basic <redacted>")
    assert.strictEqual(scrub(password)(`no: Basic ${encodeURIComponent(header)}.`), "no: Basic <redacted>.")
    const urlSafe = Buffer.from(`admin:${password}`).toString("base64url")
    assert.strictEqual(scrub(password)(`no: Basic ${header.replace(/=+$/, "")}.`), "no: Basic <redacted>.")
    assert.strictEqual(scrub(password)(`no: ${urlSafe}; the password is ${btoaOf(password)}`), hiddenTwice)
  })

  // A line that ends within what looks like an escape shows nothing of it.
  it.each(passwords.slice(0, 4))("in lines, as JSON: %j", (password) => {
    const said = JSON.stringify(`no: ${password.replace(/[^]{5}(?!$)/g, "$&\n")}.`)
    assert.strictEqual(scrub(password)(said), `"no: <redacted>."`)
  })

  it.each(passwords)("in base 64 of what stands around it too: %j", (password) => {
    for (const before of ["", "a", "ab", "abc", "password="]) {
      for (const after of ["", "z", "yz", "&more=1"]) {
        const said = `no: ${Buffer.from(before + password + after).toString("base64")}!`
        const hidden = scrub(password)(said)
        assert.match(hidden, /^no: .*<redacted>.*!$/)
        // Characters that are of its neighbours too say little of it.
        const left = hidden.length - "no: <redacted>!".length
        assert.isAtMost(left, Math.ceil(4 * (before.length + after.length) / 3) + 6)
      }
    }
  })

  it.each(passwords)("in base 64 of base 64 with others around both: %j", (password) => {
    for (const before of ["a", "ab", "abc"]) {
      for (const around of ["", "a", "ab"]) {
        const said = base64(`${before}${base64(`${around}${password}${around}`)}${around}`)
        assert.match(scrub(password)(`no: ${said}!`), /^no: [^]{0,16}<redacted>[^]{0,16}!$/)
      }
    }
  })

  it.each([
    [
      "bytes of Latin-1 in a text that is read as UTF-8",
      new TextDecoder().decode(Buffer.from("na\xefve caf\xe9", "latin1"))
    ],
    ["UTF-8 in a header, which is read as Latin-1", Buffer.from("na\xefve caf\xe9").toString("latin1")],
    ["percent-escaped Latin-1", "na%EFve%20caf%E9"],
    ["HTML with a name for each letter", "na&iuml;ve caf&eacute;"],
    ["HTML with a name for each letter, without semicolons", "na&iumlve caf&eacute"]
  ])("%s", (_, said) => {
    assert.strictEqual(scrub("na\xefve caf\xe9")(`no ${said}!`), "no <redacted>!")
    assert.strictEqual(scrub("na\xefve tea")(`no ${said}!`), `no ${said}!`)
  })

  it("several times, side by side and at both ends", () => {
    assert.strictEqual(
      scrub("a&b<c>d")("a&b<c>d, a&amp;b&lt;c&gt;d%61%26b%3Cc%3Ed"),
      "<redacted>, <redacted><redacted>"
    )
  })

  it("a token too", () => {
    const hide = Secrets.scrubber({ scheme: "Token", token: Redacted.make("t0k/en+==") })
    assert.strictEqual(hide(`{"message":"bad Token t0k\\/en+=="}`), `{"message":"bad Token <redacted>"}`)
  })
})

describe("a short password neither makes a message unreadable nor is told by it", () => {
  const message = "partial write: unable to parse 'm v=n': invalid number, see the documentation"
  it.each(["n", "e", "ab", "m v", "write", "see", "to"])("%j: a message that has it by chance stays", (password) => {
    assert.strictEqual(scrub(password)(message), message)
  })

  it.each([
    ["n", "invalid password \"n\"", "invalid password \"<redacted>\""],
    ["n", "invalid password: n", "invalid password: <redacted>"],
    ["abc", "GET /query?u=admin&p=abc", "GET /query?u=admin&p=<redacted>"],
    ["abc", "no: admin:abc", "no: admin:<redacted>"],
    ["a&b", "{\"password\":\"a\\u0026b\"}", "{\"password\":\"<redacted>\"}"],
    ["un", "error: unable to parse", "error: unable to parse"],
    ["un", "token unable", "token unable"],
    ["un", "password: UN", "password: <redacted>"]
  ])("%j where a credential is announced is hidden: %s", (password, said, hidden) => {
    assert.strictEqual(scrub(password)(said), hidden)
  })

  it("the empty password hides nothing", () => {
    assert.strictEqual(scrub("")(message), message)
  })
})

describe("a part of a secret that is long enough is hidden", () => {
  const token = "Xy9_kQ-81jdkAjqkwe8ASkdjqwe0912kdASJDkqwje9812as=="
  const hide = Secrets.scrubber({ scheme: "Token", token: Redacted.make(token) })

  it.each([
    ["cut off by the server", `bad token ${token.slice(0, 12)}…`],
    ["its end", `bad token …${token.slice(-12)}`],
    ["its middle", `bad token …${token.slice(9, 40)}…`],
    ["all but a character", `bad token ${token.slice(1)}`],
    ["two parts of one", `bad token ${token.slice(0, 20)} ${token.slice(20)}`],
    ["in capitals", `bad token ${token.slice(3, 33).toUpperCase()}`],
    ["in base 64", `bad token ${base64(token).slice(4, 30)}`],
    ["in hexadecimal", `bad token ${Buffer.from(token.slice(2, 20)).toString("hex")}`],
    ["escaped", `bad token ${unicode(token.slice(2, 20))}`],
    ["cut off within an escape", `bad token ${unicode(token.slice(0, 20)).slice(0, -3)}`]
  ])("%s", (_, said) => {
    assert.match(hide(said), /^bad token …?<redacted>( <redacted>)?(…|\\u\d*)?$/)
  })

  it("of a password: from two thirds of it", () => {
    assert.strictEqual(scrub("hunter2-hunter3")("no hunter2-hu!"), "no <redacted>!")
    assert.strictEqual(scrub("hunter2-hunter3")("no hunter2-h!"), "no hunter2-h!")
    assert.strictEqual(scrub("s3cr3t-42")("no s3cr3t-4"), "no <redacted>")
    assert.strictEqual(scrub("s3cr3t42")("no s3cr3t4"), "no s3cr3t4")
  })

  const message =
    "retention policy not found: partial-write of 'measurement v=1 1732700000000000000' at 2024-11-27T09:33:20Z"
  it.each([
    "retention9",
    "measurement-writer-2024",
    "partial-write-db-7",
    "x1732700000000000000",
    "on 2024-11-27",
    "not found 404",
    "policy not there"
  ])("a message that has a word, a number or a date of the password %j stays", (password) => {
    assert.strictEqual(scrub(password)(message), message)
  })

  it("a word of it is hidden only where a credential is announced", () => {
    const hide = scrub("administrator9")
    assert.strictEqual(
      hide("an administrator: see the password administrator"),
      "an administrator: see the password <redacted>"
    )
    assert.strictEqual(hide("token=administrators"), "token=administrators")
    assert.strictEqual(hide("error: administrator"), "error: administrator")
  })
})

it("hostile texts take no longer than their length", () => {
  const hide = scrub("\\".repeat(40))
  for (
    const text of ["\\".repeat(500_000), "%5c".repeat(100_000), "&amp;".repeat(100_000), "\\u005c".repeat(100_000)]
  ) {
    const started = performance.now()
    assert.isAtMost(hide(text).length, 16_384)
    // It would take minutes if each position were searched to the end.
    assert.isBelow(performance.now() - started, 60_000)
  }
})
