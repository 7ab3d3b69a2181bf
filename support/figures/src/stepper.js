// Lets a reader step through a picture that grows by steps: a slider, buttons and the arrow keys move it.
figures("steps", (box, { scenes }, svg) => {
  const make = (name, text) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const last = scenes.length - 1;
  const slider = make("input");
  Object.assign(slider, { type: "range", min: 0, max: last, value: last, step: 1 });
  slider.setAttribute("aria-label", "step");
  slider.style.cssText = "flex:1;min-width:8em";
  const button = (text, label, by) => {
    const made = make("button", text);
    made.type = "button";
    made.setAttribute("aria-label", label);
    made.onclick = () => show(Number(slider.value) + by);
    return made;
  };
  const back = button("◀", "one step back", -1);
  const on = button("▶", "one step on", 1);
  const bar = make("div");
  bar.style.cssText = "display:flex;gap:0.5em;align-items:center;max-width:720px";
  bar.append(back, slider, on);
  const said = make("p");
  said.setAttribute("aria-live", "polite");
  said.style.cssText = "margin:0.5em 0;min-height:3em;max-width:720px";
  const tables = make("div");
  tables.style.cssText = "display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start;margin-top:0.5em";
  box.prepend(bar, said);
  box.append(tables);

  const table = (caption, heads, rows) => {
    const made = make("table");
    made.append(make("caption", caption));
    made.style.textAlign = "left";
    const head = made.createTHead().insertRow();
    for (const text of heads) {
      const cell = make("th", text);
      cell.scope = "col";
      cell.style.textAlign = "left";
      head.append(cell);
    }
    const body = made.createTBody();
    for (const { cells, strong } of rows) {
      const row = body.insertRow();
      for (const text of cells) {
        const cell = row.insertCell();
        cell.textContent = text;
        cell.style.textAlign = "left";
        if (strong) cell.style.fontWeight = "bold";
      }
    }
    return made;
  };

  function show(wanted) {
    const at = Math.max(0, Math.min(last, wanted));
    slider.value = at;
    const scene = scenes[at];
    slider.setAttribute("aria-valuetext", `step ${at} of ${last}`);
    back.disabled = at === 0;
    on.disabled = at === last;
    said.textContent = `Step ${at} of ${last}: ${scene.said}`;
    tables.replaceChildren();
    if (scene.values) {
      const before = at > 0 ? scenes[at - 1].values : [];
      const values = scene.values.map(([name, value], place) => ({
        cells: [name, value],
        strong: before[place] !== undefined && before[place][1] !== value,
      }));
      tables.append(table("Values", ["name", "value"], values));
    }
    if (scene.threads) {
      const threads = scene.threads.map(([name, stands, line], number) => ({
        cells: [name, stands, line],
        strong: number === scene.moved,
      }));
      tables.append(table("Threads", ["thread", "stands", "at the line"], threads));
    }
    for (const part of svg.querySelectorAll("[data-step]")) {
      part.style.opacity = Number(part.dataset.step) > at ? 0.1 : 1;
    }
    for (const part of svg.querySelectorAll("[data-now]")) {
      part.style.visibility = Number(part.dataset.now) === at ? "visible" : "hidden";
    }
  }

  slider.oninput = () => show(Number(slider.value));
  box.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const to = { Home: 0, End: last }[event.key];
    if (by === undefined && to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    show(to ?? Number(slider.value) + by);
  });
  show(last);
});
