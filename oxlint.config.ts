import { defineConfig, type OxlintConfig } from "oxlint"
import manifest from "./packages/efflux/package.json" with { type: "json" }
import { folders, httpModules, models, platform, pureForbids, pureModules } from "./scripts/layers.ts"

const source = "packages/efflux/src"

const publicModules = ["index", ...Object.keys(manifest.exports).map((path) => path.replace("./", ""))]

const houseRules = {
  paths: [
    { name: "effect", message: "Import the module: import * as Effect from \"effect/Effect\"." },
    { name: "effect/index", message: "Import the module: import * as Effect from \"effect/Effect\"." }
  ],
  patterns: [
    { regex: "^\\.{1,2}(?:/(?:.*[^s]|.*[^t]s|.*[^.]ts)?)?$", message: "A relative import ends in .ts." },
    { regex: "^efflux(?:/|$)", message: "Inside the library, import by relative path." },
    {
      regex: "^(?:node:)?(?:dgram|net|tls|http|https|http2)$|^undici(?:/|$)",
      message: "Use the sockets and clients of Effect."
    }
  ]
}

type Override = NonNullable<OxlintConfig["overrides"]>[number]
type Pattern = { readonly regex: string; readonly message: string }

const outOfBounds = (packages: ReadonlyArray<string>, where: string): ReadonlyArray<Pattern> =>
  packages.length === 0
    ? []
    : [{ regex: `^(?:${packages.join("|")})(?:/|$)`, message: `Out of bounds for ${where} (scripts/layers.ts).` }]

const restrict = (files: ReadonlyArray<string>, patterns: ReadonlyArray<Pattern>): Override => ({
  files: [...files],
  rules: {
    "no-restricted-imports": ["error", {
      paths: houseRules.paths,
      patterns: [...houseRules.patterns, ...patterns]
    }]
  }
})

/** An arrow runs one way, down the table: from a folder to itself, to earlier ones and to the models. */
const folderRules = folders.map(({ forbids, name }, index) => {
  const message = `The folder "${name}" imports only from itself, earlier folders and models (scripts/layers.ts).`
  const later = folders.slice(index + 1).map((folder) => folder.name)
  const strangers = publicModules.filter((module) => !models.includes(module))
  return restrict([`${source}/internal/${name}/*.ts`], [
    ...(later.length === 0 ? [] : [{ regex: `^\\.\\./(?:${later.join("|")})/`, message }]),
    { regex: `^\\.\\./\\.\\./(?:${strangers.join("|")})\\.ts$`, message },
    // There is one way to write a path, so the two patterns above see all of them.
    {
      regex: `^\\./.*/|//|/internal/|\\w/\\.\\./|(?:\\.\\./){3}`,
      message: "Write the path as ./X.ts, ../folder/X.ts or ../../X.ts."
    },
    ...outOfBounds(forbids, `the folder "${name}"`)
  ])
})

const restrictPublic = (names: ReadonlyArray<string>, forbids: ReadonlyArray<string>): Override =>
  restrict(names.map((name) => `${source}/${name}.ts`), [
    { regex: `//|\\.\\./`, message: "Write the path as ./X.ts or ./internal/folder/X.ts." },
    ...outOfBounds(forbids, "this public module")
  ])

const publicRules = [
  restrictPublic(["*"], platform),
  restrictPublic(httpModules, platform.filter((name) => name !== "effect/http")),
  restrictPublic(pureModules, pureForbids)
]

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "vitest"],
  categories: {
    correctness: "error"
  },
  ignorePatterns: ["**/dist/**", "**/coverage/**", "**/node_modules/**"],
  rules: {
    "eqeqeq": "error",
    "no-var": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-duplicates": "error",
    "import/no-self-import": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    // Tests state what they assert in functions of their own, too.
    "vitest/expect-expect": ["error", { assertFunctionNames: ["expect", "assert", "assert*", "check"] }],
    // The hot path preallocates its arrays.
    "unicorn/no-new-array": "off"
  },
  overrides: [
    { files: ["packages/*/src/**/*.ts"], rules: { "max-lines": ["error", { max: 400 }] } },
    {
      files: [`${source}/**/*.ts`],
      rules: {
        "import/no-default-export": "error",
        "typescript/no-require-imports": "error",
        "no-console": "error",
        "no-restricted-properties": ["error", {
          object: "Date",
          property: "now",
          message: "Time comes from Effect's Clock, so that a test can rule it."
        }],
        "no-restricted-globals": ["error", "setTimeout", "setInterval", "setImmediate"],
        "no-restricted-imports": ["error", {
          patterns: [{ regex: ".", message: "This folder has no place yet: give it one in scripts/layers.ts." }]
        }]
      }
    },
    ...publicRules,
    ...folderRules
  ]
})
