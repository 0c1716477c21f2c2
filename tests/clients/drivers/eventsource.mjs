// npm's eventsource: what Kyiv and Kharkiv oblast are shown as, from our own stream and from that of alerts.com.ua.
// Arguments: the folder that the client is installed in, the server's address, the kind of stream.

import { createRequire } from "node:module"
import { performance } from "node:perf_hooks"
import { createInterface } from "node:readline"

const [folder, base, kind] = process.argv.slice(2)
const { EventSource } = createRequire(folder + "/")("eventsource")
const codes = { kyiv: "UA80", oblast: "UA63" }
const numbers = { 25: "kyiv", 19: "oblast" }

let told = {} // area -> what it is told of the air, as in docs/guide/read.md
let deadline = {} // source -> until when it vouches
let states = {} // of alerts.com.ua
let source = null

const left = (until, asOf) => performance.now() + (new Date(until) - new Date(asOf))
const all = data => Object.fromEntries(Object.entries(data.fresh).map(([name, until]) => [name, left(until, data.as_of)]))

const own = {
  reset: () => { told = {}; deadline = {} },
  snapshot: data => {
    told = Object.fromEntries(Object.entries(data.areas).map(([area, one]) => [area, one.threats.air]))
    deadline = all(data)
  },
  alert: data => {
    if (data.threat === "air") for (const area of data.areas) told[area] = data
    if (data.fresh_until) for (const name of data.sources) deadline[name] = left(data.fresh_until, data.as_of)
  },
  beat: data => { deadline = all(data) },
}

function stateOf(area) {
  const one = told[area]
  if (one.state !== "clear") return one.state
  return one.sources.some(name => deadline[name] > performance.now()) ? "clear" : "unknown"
}

const take = row => { if (numbers[row.id]) states[numbers[row.id]] = row.alert ? "raised" : "clear" }

function again() {
  source?.close()
  states = {}
  source = new EventSource(base + (kind === "own" ? "/v1/stream?areas=UA80,UA63" : "/api/states/live"))
  for (const [name, hear] of Object.entries(own)) source.addEventListener(name, event => hear(JSON.parse(event.data)))
  source.addEventListener("update", event => take(JSON.parse(event.data).state))
  source.addEventListener("hello", async () => {
    const answer = await fetch(base + "/api/states", { headers: { "X-API-Key": "key" } })
    if (answer.ok) (await answer.json()).states.forEach(take)
  })
  source.addEventListener("error", () => { states = {} })
  return true
}

function show(place) {
  if (source?.readyState !== EventSource.OPEN) throw new Error("it is not connected")
  const found = kind === "own" ? stateOf(codes[place]) : states[place]
  if (!found) throw new Error("nothing was told yet")
  return found
}

console.log(JSON.stringify("ready"))
for await (const question of createInterface({ input: process.stdin })) {
  let said
  try {
    said = question === "again" ? again() : show(question)
  } catch (error) {
    said = { error: error.name, message: error.message }
  }
  console.log(JSON.stringify(said))
}
