// Asks lcrag's server. Whatever comes from a document or a model is set as text, never as HTML.
"use strict";

const at = (id) => document.getElementById(id);

function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.textContent = text;
  return element;
}

async function call(path, options) {
  const reply = await fetch(path, options);
  if (!reply.ok) {
    const body = await reply.json().catch(() => ({}));
    throw new Error(body.error ? body.error.message : `The server answered ${reply.status}.`);
  }
  return reply;
}

const place = (id) => "v1/documents/" + id.split("/").map(encodeURIComponent).join("/");

async function attempt(work) {
  at("error").hidden = true;
  try {
    await work();
  } catch (error) {
    at("error").textContent = error.message;
    at("error").hidden = false;
  }
}

async function listDocuments() {
  const { data } = await (await call("v1/documents")).json();
  at("no-documents").hidden = data.length > 0;
  at("documents").replaceChildren(...data.map(({ id }) => {
    const row = make("li", "");
    const open = make("button", id, { onclick: () => attempt(() => show(id)) });
    const remove = make("button", "×", { title: `Remove ${id}` });
    remove.setAttribute("aria-label", `Remove ${id}`);
    remove.onclick = () => attempt(async () => {
      await call(place(id), { method: "DELETE" });
      await listDocuments();
    });
    row.append(open, remove);
    return row;
  }));
}

async function upload() {
  for (const file of at("files").files) {
    await call(place(file.name), { method: "PUT", body: file });
  }
  at("files").value = "";
  await listDocuments();
}

async function show(id, start = 0, end = 0) {
  const { text } = await (await call(place(id))).json();
  const characters = Array.from(text); // offsets count characters, not UTF-16 units
  const part = (from, to) => characters.slice(from, to).join("");
  const mark = make("mark", part(start, end));
  at("text").replaceChildren(part(0, start), mark, part(end));
  at("text").hidden = false;
  at("no-text").hidden = true;
  at("text-head").textContent = id;
  at("text").scrollTop = end ? Math.max(0, mark.offsetTop - at("text").offsetTop - 60) : 0;
}

const number = (value) => value === null || value === undefined ? "not known" : value.toLocaleString("en", { maximumSignificantDigits: 4 });

function facts(details) {
  const { usage, build } = details;
  const rows = [
    ["Answered by", details.strategy],
    ["Because", details.reason || "it was asked for"],
    ["Tokens", `${number(usage.prompt_tokens)} read, ${number(usage.cached_tokens)} of them cached; ${number(usage.completion_tokens)} written`],
    ["Seconds", number(usage.seconds)],
    ["Dollars", number(usage.dollars)],
    ["FLOPs", number(usage.flops)],
  ];
  if (build.calls) rows.push(["Built first", `${number(build.prompt_tokens)} tokens, once for all questions`]);
  if (details.declined) rows.push(["Declined", "the documents do not say"]);
  return rows.flatMap(([name, value]) => [make("dt", name), make("dd", value)]);
}

function citations(cited) {
  at("cited-head").hidden = cited.length === 0;
  at("citations").replaceChildren(...cited.map(({ document: id, start, end, text }) => {
    const row = make("li", "");
    const words = text.replace(/\s+/g, " ").trim();
    row.append(make("button", words.length > 160 ? words.slice(0, 160) + "…" : words, { onclick: () => attempt(() => show(id, start, end)) }));
    row.append(make("small", `${id}, characters ${start} to ${end}`));
    return row;
  }));
}

async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

async function ask() {
  at("ask").disabled = true;
  at("result").hidden = true;
  at("answer").textContent = "";
  at("facts").replaceChildren();
  citations([]);
  const body = { model: at("strategy").value, stream: true, messages: [{ role: "user", content: at("question").value }] };
  const headers = { "content-type": "application/json" };
  try {
    const reply = await call("v1/chat/completions", { method: "POST", headers, body: JSON.stringify(body) });
    at("result").hidden = false;
    for await (const event of events(reply)) {
      if (event.error) throw new Error(event.error.message);
      at("answer").append(event.choices[0].delta.content || "");
      if (!event.lcrag) continue;
      at("facts").replaceChildren(...facts(event.lcrag));
      citations(event.lcrag.citations);
      const [first] = event.lcrag.citations;
      if (first) await show(first.document, first.start, first.end);
    }
  } finally {
    at("ask").disabled = false;
  }
}

attempt(async () => {
  const { data } = await (await call("v1/models")).json();
  at("strategy").replaceChildren(...data.map(({ id }) => make("option", id === "lcrag" ? "whatever is best" : id, { value: id })));
  await listDocuments();
});
at("files").onchange = () => attempt(upload);
at("form").onsubmit = (event) => {
  event.preventDefault();
  attempt(ask);
};
