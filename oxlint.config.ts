import { defineConfig, type OxlintConfig } from "oxlint"
import { type Layer, layers } from "./scripts/layers.ts"

const source = "packages/efflux/src"

/** Matches an import of one of these modules, from any folder of the sources. */
const importOf = (modules: ReadonlyArray<string>) => `^\\.{1,2}/(?:.*/)?(?:${modules.join("|")})\\.ts$`

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

const layerRule = (layer: Layer, index: number): Override => {
  const later = layers.slice(index + 1).flatMap((other) => other.modules)
  return {
    files: layer.modules.map((module) => `${source}/${module}.ts`),
    rules: {
      "no-restricted-imports": ["error", {
        paths: houseRules.paths,
        patterns: [
          ...houseRules.patterns,
          ...(later.length === 0 ? [] : [{
            regex: importOf(later),
            message: `The layer "${layer.name}" imports only from itself and earlier layers (scripts/layers.ts).`
          }]),
          ...(layer.forbids.length === 0 ? [] : [{
            regex: `^(?:${layer.forbids.join("|")})(?:/|$)`,
            message: `Out of bounds for the layer "${layer.name}" (scripts/layers.ts).`
          }])
        ]
      }]
    }
  }
}

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "vitest"],
  categories: {
    correctness: "error"
  },
  ignorePatterns: ["**/dist/**", "**/coverage/**", "**/node_modules/**"],
  rules: {
    "eqeqeq": "error",
    "no-var": "error",
    "import/no-cycle": "error",
    "import/no-duplicates": "error",
    "import/no-self-import": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    // Tests state what they assert in functions of their own, too.
    "vitest/expect-expect": ["error", { assertFunctionNames: ["expect", "assert", "assert*", "check"] }],
    // The hot path preallocates its arrays.
    "unicorn/no-new-array": "off"
  },
  overrides: [
    {
      files: [`${source}/**/*.ts`],
      rules: {
        "import/no-default-export": "error",
        "no-console": "error",
        "no-restricted-properties": ["error", {
          object: "Date",
          property: "now",
          message: "Time comes from Effect's Clock, so that a test can rule it."
        }],
        "no-restricted-globals": ["error", "setTimeout", "setInterval", "setImmediate"],
        "no-restricted-imports": ["error", {
          patterns: [{
            regex: ".",
            message: "This module has no place in a layer yet: give it one in scripts/layers.ts."
          }]
        }]
      }
    },
    ...layers.map(layerRule)
  ]
})
