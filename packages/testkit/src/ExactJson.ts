/** JSON with exact integers: those beyond 2⁵³ are `bigint`s, up to 64 bits. */
import { JsonParser } from "../../efflux/src/internal/query/JsonParser.ts"
import { isContainer } from "../../efflux/src/internal/query/PullParser.ts"

/** Parses a text. Of two members with the same name the last one is kept. Throws if the text is not JSON. */
export const parse = (text: string): unknown => {
  const json = new JsonParser("numbers")
  json.begin(text)
  const value = valueOf(json)
  json.end()
  return value
}

const valueOf = (json: JsonParser): unknown => {
  const value = json.take()
  if (!isContainer(value)) return value
  const members: Array<[string, unknown]> = []
  const elements: Array<unknown> = []
  while (json.more(value)) {
    if (value.isMap) members.push([json.name(), valueOf(json)])
    else elements.push(valueOf(json))
  }
  return value.isMap ? Object.fromEntries(members) : elements
}
