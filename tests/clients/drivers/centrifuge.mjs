// npm's centrifuge 2, the client of Centrifugo's protocol 1: what Kyiv and Kharkiv oblast are shown as on the live map.
// Arguments: the folder that the client is installed in, the server's address.

import { createRequire } from "node:module"
import { createInterface } from "node:readline"

const [folder, base] = process.argv.slice(2)
const require = createRequire(folder + "/")
const Centrifuge = require("centrifuge")
const codes = { kyiv: ["31"], oblast: ["22", "126"] } // 126: the raion of Kharkiv oblast that the tests raise
let alerts = null
let client = null

function field(page, name) {
  return new RegExp(`id="${name}"[^>]* value="([^"]*)"`).exec(page)[1]
}

async function again() {
  client?.disconnect()
  alerts = null
  const page = await (await fetch(base + "/map")).text()
  client = new Centrifuge(field(page, "centrifugo-url"), { websocket: require("ws") })
  client.setToken(field(page, "centrifugo-token"))
  client.on("disconnect", () => { alerts = null })
  const channel = client.subscribe("updateMap", message => { alerts = message.data.alerts })
  channel.on("subscribe", async () => { alerts = (await channel.history()).publications[0].data.alerts })
  client.connect()
  return true
}

function show(place) {
  if (!client?.isConnected() || !alerts) throw new Error("it is not connected")
  return alerts.some(one => codes[place].includes(one.regionId)) ? "raised" : "clear"
}

console.log(JSON.stringify("ready"))
for await (const question of createInterface({ input: process.stdin })) {
  let said
  try {
    said = question === "again" ? await again() : show(question)
  } catch (error) {
    said = { error: error.name, message: error.message }
  }
  console.log(JSON.stringify(said))
}
