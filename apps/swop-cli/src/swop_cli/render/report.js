"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") node.addEventListener("click", value);
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  };
  const draw = (tag, attributes = {}, text = null) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  };
  const kinds = ["command", "query", "event", "handler"];
  const plural = { command: "commands", query: "queries", event: "events", handler: "handlers" };

  // One number per artifact: qualified names may repeat where a module is copied.
  const all = data.artifacts.map((item, number) => ({ ...item, number }));
  const byId = new Map();
  for (const item of all) if (!byId.has(item.id)) byId.set(item.id, item);
  const events = new Map();
  for (const item of all) if (item.kind === "event") {
    if (!events.has(item.name)) events.set(item.name, []);
    events.get(item.name).push(item);
  }
  const edges = [];
  for (const item of all) {
    if (item.kind === "handler" && item.target && byId.has(item.target))
      edges.push({ from: byId.get(item.target), to: item });
    for (const name of item.emits) {
      const found = events.get(name) || [];
      const near = found.filter((other) => other.context === item.context);
      for (const other of near.length ? near : found)
        if (other !== item) edges.push({ from: item, to: other });
    }
  }
  const state = { context: null, query: "", chosen: null };

  const theme = () => document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark";
  });

  const card = (value, label, kind) =>
    make("div", { class: "card", "data-kind": kind }, make("b", {}, String(value)), make("span", {}, label));
  for (const kind of kinds) $("cards").append(card(data.kinds[kind] || 0, plural[kind], kind));
  $("cards").append(card(data.contexts.length, "contexts"), card(data.files, "files looked at"),
    card(data.errors.length, data.errors.length === 1 ? "error" : "errors"));

  if (data.errors.length + data.warnings.length) {
    $("problems").hidden = false;
    $("problems").append(
      make("div", { class: "bar" }, make("h2", {}, "Problems"),
        make("span", { class: "muted" }, `${data.errors.length} errors, ${data.warnings.length} warnings`)),
      make("ul", {}, ...data.errors.map((line) => make("li", { class: "error" }, line)),
        ...data.warnings.map((line) => make("li", { class: "warning" }, line))));
  }

  const chip = (label, context) => make("button", {
    type: "button", "data-context": context ?? "", "aria-pressed": String(state.context === context),
    onclick: () => { state.context = context; state.chosen = null; update(); },
  }, label);
  const chips = () => $("contexts").replaceChildren(chip("All", null),
    ...data.contexts.filter((item) => item.total).map((item) => chip(`${item.name} ${item.total}`, item.name)));

  const matches = (item) => {
    if (state.context !== null && item.context !== state.context) return false;
    if (!state.query) return true;
    const text = [item.name, item.kind, item.context, item.module, item.file,
      ...item.fields.map((field) => field.name), ...item.emits].join(" ").toLowerCase();
    return state.query.split(/\s+/).every((word) => text.includes(word));
  };
  const LIMIT = 400;

  // Columns: what is asked, who answers, what happens then. An event that is handled stands
  // left of its handler when nothing here emits it.
  const columnOf = (item, shown) => {
    if (item.kind === "handler") return 1;
    if (item.kind !== "event") return 0;
    return edges.some((edge) => edge.to === item && shown.has(edge.from)) ? 2 : edges.some((edge) => edge.from === item && shown.has(edge.to)) ? 0 : 2;
  };

  const neighbours = (item) => {
    const near = new Set([item]);
    for (const edge of edges) {
      if (edge.from === item) near.add(edge.to);
      if (edge.to === item) near.add(edge.from);
    }
    for (const edge of edges) if (item.kind !== "handler" && near.has(edge.from) && edge.from.kind === "handler" && edge.from !== item && edges.some((back) => back.from === item && back.to === edge.from)) near.add(edge.to);
    return near;
  };

  const graph = () => {
    const wanted = all.filter(matches).slice(0, LIMIT);
    const shown = new Set(wanted);
    for (const edge of edges) { // what a chosen context touches elsewhere belongs to its picture
      if (shown.size >= LIMIT * 1.5) break;
      if (wanted.includes(edge.from)) shown.add(edge.to); else if (wanted.includes(edge.to)) shown.add(edge.from);
    }
    if (!shown.size) { $("canvas").replaceChildren(make("p", { class: "empty" }, "Nothing to show.")); return; }
    const columns = [[], [], []];
    for (const item of shown) columns[columnOf(item, shown)].push(item);
    const place = new Map();
    columns[0].sort((a, b) => a.context.localeCompare(b.context) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.name.localeCompare(b.name));
    columns[0].forEach((item, row) => place.set(item, row));
    const barycentre = (item) => {
      const rows = edges.filter((edge) => edge.to === item && place.has(edge.from)).map((edge) => place.get(edge.from));
      return rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : 1e6;
    };
    for (const column of [1, 2]) {
      const weight = new Map(columns[column].map((item) => [item, barycentre(item)]));
      columns[column].sort((a, b) => weight.get(a) - weight.get(b) || a.context.localeCompare(b.context) || a.name.localeCompare(b.name));
      columns[column].forEach((item, row) => place.set(item, row));
    }
    const width = 236, height = 42, gapX = 92, gapY = 12, top = 44, left = 12;
    const rows = Math.max(...columns.map((column) => column.length));
    const spot = (item) => {
      const column = columns.findIndex((list) => list.includes(item));
      return { x: left + column * (width + gapX), y: top + place.get(item) * (height + gapY) };
    };
    const spots = new Map([...shown].map((item) => [item, spot(item)]));
    const total = { w: left * 2 + 3 * width + 2 * gapX, h: top + rows * (height + gapY) + 8 };
    const svg = draw("svg", { width: total.w, height: total.h, viewBox: `0 0 ${total.w} ${total.h}`, role: "group" });
    ["ASKED", "HANDLED BY", "THEN HAPPENS"].forEach((label, column) =>
      svg.append(draw("text", { class: "column", x: left + column * (width + gapX), y: 22 }, label)));
    const near = state.chosen ? neighbours(state.chosen) : null;
    for (const edge of edges) {
      if (!spots.has(edge.from) || !spots.has(edge.to)) continue;
      const a = spots.get(edge.from), b = spots.get(edge.to);
      const forward = b.x > a.x;
      const x1 = forward ? a.x + width : a.x, x2 = forward ? b.x : b.x + width;
      const bend = Math.max(36, Math.abs(x2 - x1) / 2) * (forward ? 1 : -1);
      const y1 = a.y + height / 2, y2 = b.y + height / 2;
      const on = near && near.has(edge.from) && near.has(edge.to);
      svg.append(draw("path", {
        class: `edge${on ? " on" : near ? " dim" : ""}`, "data-kind": edge.to.kind === "event" ? "event" : "handler",
        d: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
      }));
    }
    for (const [item, { x, y }] of spots) {
      const node = draw("g", {
        class: `node${state.chosen === item ? " on" : near && !near.has(item) ? " dim" : ""}`,
        "data-kind": item.kind, "data-name": item.name, transform: `translate(${x} ${y})`, tabindex: 0, role: "button",
        "aria-label": `${item.kind} ${item.name} in ${item.context}`,
      });
      node.append(draw("title", {}, `${item.kind} ${item.id}`), draw("rect", { width, height, rx: 10 }),
        draw("circle", { class: "bead", cx: 16, cy: height / 2, r: 4.5 }),
        draw("text", { x: 30, y: 18 }, item.name.length > 26 ? item.name.slice(0, 25) + "…" : item.name),
        draw("text", { class: "ctx", x: 30, y: 33 }, `${item.kind} · ${item.context}`));
      node.addEventListener("click", () => choose(item));
      node.addEventListener("keydown", (press) => {
        if (press.key === "Enter" || press.key === " ") { press.preventDefault(); choose(item); }
      });
      svg.append(node);
    }
    $("canvas").replaceChildren(svg);
    if (wanted.length === LIMIT)
      $("canvas").append(make("p", { class: "empty" }, `The first ${LIMIT} are drawn: choose a context or search to see others.`));
  };

  const link = (item) => make("a", { role: "button", tabindex: 0, onclick: () => choose(item, true) }, item.name);
  const join = (items) => items.flatMap((item, at) => (at ? [", ", link(item)] : [link(item)]));
  const detail = () => {
    const item = state.chosen, box = $("detail");
    if (!item) { box.replaceChildren(make("p", { class: "muted" }, "Choose an artifact to see its fields and where it leads.")); return; }
    const facts = [["context", item.context], ["module", item.module], ["source", item.file]];
    if (item.response) facts.push(["answers", item.response]);
    facts.push(["found by", item.via === "decorator" ? item.reason : `${item.reason} (${item.confidence})`]);
    const from = edges.filter((edge) => edge.to === item).map((edge) => edge.from);
    const to = edges.filter((edge) => edge.from === item).map((edge) => edge.to);
    const list = make("dl", {}, ...facts.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]));
    if (from.length) list.append(make("dt", {}, "from"), make("dd", {}, ...join(from)));
    if (to.length) list.append(make("dt", {}, "leads to"), make("dd", {}, ...join(to)));
    const fields = item.fields.length ? make("table", {}, make("tr", {}, make("th", {}, "field"), make("th", {}, "type")),
      ...item.fields.map((field) => make("tr", {}, make("td", { class: "mono" }, field.name + (field.required ? "" : "?")),
        make("td", { class: "mono" }, field.type + (field.default !== null ? ` = ${field.default}` : ""))))) : null;
    box.replaceChildren(make("span", { class: "tag", "data-kind": item.kind }, item.kind), make("h3", {}, item.name), list, ...(fields ? [fields] : []));
  };

  const list = () => {
    const items = all.filter(matches).sort((a, b) => a.context.localeCompare(b.context) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.name.localeCompare(b.name));
    $("count").textContent = `${items.length} of ${all.length}`;
    const rows = [];
    let context = null;
    for (const item of items.slice(0, 2000)) {
      if (item.context !== context) { context = item.context; rows.push(make("div", { class: "group" }, context)); }
      rows.push(make("div", { class: `row${state.chosen === item ? " on" : ""}`, "data-name": item.name, onclick: () => choose(item, true) },
        make("span", {}, make("span", { class: "tag", "data-kind": item.kind }, item.kind)),
        make("b", {}, item.name, item.via === "heuristic" ? make("span", { class: "guess" }, "  guessed") : ""),
        make("span", { class: "muted" }, item.kind === "handler" ? `handles ${item.handles ?? "?"}` : item.fields.map((field) => field.name).join(", ")),
        make("span", { class: "muted mono" }, item.file)));
    }
    $("list").replaceChildren(...(rows.length ? rows : [make("p", { class: "empty" }, "Nothing found.")]));
  };

  const choose = (item, scroll = false) => {
    state.chosen = state.chosen === item && !scroll ? null : item;
    if (state.chosen && !matches(item)) { state.context = null; state.query = ""; $("search").value = ""; }
    location.hash = state.chosen ? encodeURIComponent(item.id) : "";
    update();
    if (scroll) $("canvas").querySelector(".node.on")?.scrollIntoView({ block: "center", inline: "nearest" });
  };
  const update = () => { chips(); graph(); detail(); list(); };
  $("search").addEventListener("input", (typed) => { state.query = typed.target.value.trim().toLowerCase(); update(); });
  addEventListener("keydown", (press) => {
    if (press.key === "/" && document.activeElement !== $("search")) { press.preventDefault(); $("search").focus(); }
    if (press.key === "Escape") { state.chosen = null; update(); }
  });
  state.chosen = byId.get(decodeURIComponent(location.hash.slice(1))) || null;
  update();
  document.documentElement.dataset.ready = "yes";
})();
