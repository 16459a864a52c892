/** The reference has a page for each module that a program can import. */
import * as Fs from "node:fs"

const { exports, version } = JSON.parse(Fs.readFileSync(new URL("../efflux/package.json", import.meta.url), "utf8"))

/** @type {Partial<import("typedoc").TypeDocOptions>} */
const config = {
  entryPoints: Object.values(exports).filter((file) => file.endsWith(".ts") && !file.endsWith("/index.ts"))
    .map((file) => `../efflux/${file}`),
  tsconfig: "../efflux/tsconfig.json",
  name: `Efflux ${version}`,
  readme: "../efflux/README.md",
  out: "dist",
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeExternals: true,
  // A link to a source needs the address of the repository, which a checkout need not have.
  disableSources: true,
  categorizeByGroup: false,
  requiredToBeDocumented: ["Module", "Class", "Interface", "TypeAlias", "Variable", "Function"],
  // Parts of other types, to which no program needs a name.
  intentionallyNotExported: [
    "Administration",
    "Bytes",
    "CheckFields",
    "CheckMeasurement",
    "CheckTags",
    "CheckedPacing",
    "Defaults",
    "EncodeErrorReason",
    "Headers",
    "Hint",
    "Language",
    "MetricTotals",
    "OptionSchema",
    "PointPart",
    "Responder",
    "SomeOf",
    "Tags",
    "internal/config/Variables.ts:Wrapped",
    "internal/encode/EncodeError.ts:Problem",
    "internal/query/Literal.ts:Value",
    "internal/query/Statement.ts:Fragment",
    "internal/query/TestBackend.ts:Spy",
    "TestOptions"
  ],
  // What is documented here is the public surface, and nothing may be wrong with it.
  validation: { notDocumented: true, invalidLink: true, notExported: true, rewrittenLink: true },
  treatWarningsAsErrors: true
}

export default config
