// The console's script: passkeys, and word that the board has changed.  Every page works without it but log-in.
"use strict";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function options(json) {
  const asked = JSON.parse(json);
  asked.challenge = bytes(asked.challenge);
  if (asked.user) asked.user.id = bytes(asked.user.id);
  for (const list of [asked.allowCredentials, asked.excludeCredentials]) {
    for (const one of list || []) one.id = bytes(one.id);
  }
  return { publicKey: asked };
}

function answer(made) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

async function prove(form) {
  if (form.dataset.create) return navigator.credentials.create(options(form.dataset.create));
  return navigator.credentials.get(options(form.dataset.get));
}

for (const form of document.querySelectorAll("form[data-get], form[data-create]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value || (event.submitter && event.submitter.value === "refused")) return;
    event.preventDefault();
    try {
      form.elements.answer.value = answer(await prove(form));
      form.requestSubmit(event.submitter);
    } catch (error) {
      document.getElementById("live").textContent = error.message;
    }
  });
}

const live = document.getElementById("live");
let touched = false; // something is typed or ticked
let used = 0; // when somebody last moved here: a page that moves under a finger sends the wrong thing
document.addEventListener("input", () => { touched = true; });
for (const sign of ["pointermove", "pointerdown", "keydown"]) {
  document.addEventListener(sign, () => { used = Date.now(); });
}

async function look() {
  try {
    const found = await fetch(document.body.dataset.live, { cache: "no-store", redirect: "manual" });
    if (found.status === 401) {
      live.textContent = live.dataset.gone;
      location.reload();
      return;
    }
    const now = found.ok ? await found.text() : document.body.dataset.version;
    if (now !== document.body.dataset.version) {
      if (!touched && Date.now() - used > 5000) { location.replace(location.pathname); return; }
      live.textContent = live.dataset.changed;
    }
  } catch (error) {
    live.textContent = error.message; // the desk does not answer: what is shown may be old
  }
  setTimeout(look, 800);
}

if (document.body.dataset.live) setTimeout(look, 800);
