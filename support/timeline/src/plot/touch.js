// Makes a figure that can be touched of a timeline: what a bar is, one cursor through all lanes, zoom and
// pan, one label picked out, the distance of two moments.
figures("figure", (box, { labels, colours, causes, parts }, svg) => {
  Object.assign(svg.style, { touchAction: "pan-x pan-y", cursor: "crosshair" });
  // One stop for the keys: who is there scrolls, too.
  svg.setAttribute("tabindex", "0");
  box.firstElementChild.removeAttribute("tabindex");
  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.style.cssText =
    "font:12px/1.4 system-ui,sans-serif;min-height:2.8em;max-width:720px;white-space:pre-line;" +
    "position:sticky;bottom:0;color:var(--ink);background:var(--ground)";
  box.append(said);
  const hint =
    "Point at a bar. Ctrl and the wheel, two fingers, + and − zoom; drag, ← and → move. A click picks a label" +
    " out, with Shift it marks a moment. ↓ and ↑ go from bar to bar. Esc or a double click: as it was.";

  const make = (name, attributes, parent, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return parent.appendChild(made);
  };
  const layer = make("g", {}, svg);
  const cursors = make("g", { stroke: "#22262b", "pointer-events": "none" }, svg);
  const views = parts.map(({ from, range }) => ({ from, range }));
  const marks = [];
  let picked = null;
  let current = 0;
  let walked = -1;

  const units = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];
  const human = (part, ns, range = ns) => {
    if (part.step) return `step ${Math.floor(ns / part.step) + 1}`;
    if (ns === 0) return "0";
    const [unit, size] = units.find(([, size]) => Math.abs(range) >= size) ?? units[3];
    return `${+(ns / size).toPrecision(5)} ${unit}`;
  };
  const length = (part, ns) => (part.step ? `${Math.round(ns / part.step)} steps` : human(part, ns));
  const x = (part, view, ns) => part.x[0] + ((ns - view.from) / view.range) * (part.x[1] - part.x[0]);
  const ns = (part, view, at) => view.from + ((at - part.x[0]) / (part.x[1] - part.x[0])) * view.range;
  // As the picture itself has it: white on what is dark.
  const ink = (colour) => {
    const light = (at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2;
    return 0.2126 * light(1) + 0.7152 * light(3) + 0.0722 * light(5) < 0.21 ? "#fffffe" : "#22262a";
  };
  const zoomed = (number) => views[number].from !== parts[number].from || views[number].range !== parts[number].range;

  // What the picture shows of a part, drawn anew: zoomed, or with one label picked out.
  function draw() {
    svg.style.touchAction = parts.some((_, number) => zoomed(number)) ? "pan-y" : "pan-x pan-y";
    layer.replaceChildren();
    parts.forEach((part, number) => {
      if ((!zoomed(number) && picked === null) || !part.lanes.length) return;
      const view = views[number];
      const [left, right] = part.x;
      const [top, bottom] = part.y;
      const clip = (a, b) => [Math.max(left, a), Math.min(right, b)];
      const faded = (label) => (picked === null || picked === label ? 1 : 0.15);
      const group = make("g", { "font-size": 10.5 }, layer);
      const rect = (x, y, width, height, fill, opacity = 1) =>
        make("rect", { x, y, width: Math.max(0.7, width), height, fill, opacity }, group);
      rect(left - 3, part.above, right - left + 17, bottom - part.above + 1, "#ffffff");
      rect(left - 20, bottom + 1, right - left + 34, 21, "#ffffff");
      const rough = view.range / 6;
      const step = [1, 2, 5, 10].map((n) => n * 10 ** Math.floor(Math.log10(rough))).find((n) => n >= rough);
      for (let at = Math.ceil(view.from / step) * step; at <= view.from + view.range; at += step) {
        const place = x(part, view, at);
        make("path", { d: `M${place} ${top}V${bottom + 3}`, stroke: "#dde1e6" }, group);
        make("text", { x: place, y: bottom + 15, "font-size": 10, fill: "#6b727b" }, group, human(part, at, view.range / 2));
      }
      for (const lane of part.lanes) {
        const [begin, over] = clip(x(part, view, lane.life[0]), x(part, view, lane.life[1] ?? Infinity));
        if (over > begin) rect(begin, lane.y[0], over - begin, lane.y[1] - lane.y[0], "#f4f5f7");
        if (over > begin && lane.task) rect(begin, lane.middle - 1.5, over - begin, 3, "#c6ccd3");
        for (const [row, start, length, label, colour] of lane.bars) {
          const [a, b] = clip(x(part, view, start), x(part, view, start + length));
          if (b < a) continue;
          const [y, height] = lane.rows[row];
          rect(a, y, b - a, height, colours[colour], faded(label));
          if (b - a > labels[label].length * 6.2 + 6 && height >= 10)
            make("text", { x: (a + b) / 2, y: y + height / 2 + 4, fill: ink(colours[colour]), opacity: faded(label) }, group, labels[label]);
        }
      }
      for (const [one, sent, other, got] of part.arrows) {
        const [a, b] = [x(part, view, sent), x(part, view, got)];
        if (Math.max(a, b) < left || Math.min(a, b) > right) continue;
        const [from, to] = [part.lanes[one].middle, part.lanes[other].middle];
        make("path", { d: `M${Math.max(left, a)} ${from}L${Math.min(right, b)} ${to}`, stroke: "#22262b", "stroke-width": 1.3 }, group);
        make("circle", { cx: Math.min(right, b), cy: to, r: 2.5, fill: "#22262b" }, group);
      }
      for (const lane of part.lanes)
        for (const [at, label, colour] of lane.marks) {
          const place = x(part, view, at);
          if (place >= left && place <= right)
            make("circle", { cx: place, cy: lane.middle, r: 4, fill: colours[colour], stroke: "#ffffff", opacity: faded(label) }, group);
        }
      for (const [at, y, text] of part.notes) {
        const place = x(part, view, at);
        if (place < left || place > right) continue;
        make("path", { d: `M${place} ${y + 8}V${bottom}`, stroke: "#22262b", "stroke-dasharray": "4 3" }, group);
        const half = text.length * 3.4;
        make("text", { x: Math.max(left + half, Math.min(right - half, place)), y: y + 4, "font-size": 11.5, "font-weight": "bold", fill: "#22262b" }, group, text);
      }
    });
  }

  const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const under = ({ x: at, y }) =>
    parts.findIndex((part) => at >= part.x[0] - 4 && at <= part.x[1] + 4 && y >= part.y[0] && y <= part.y[1] + 20);

  // The shortest bar that stands there, with a hair's breadth of patience.
  function find(number, at, y) {
    const part = parts[number];
    const view = views[number];
    const lane = part.lanes.find((lane) => y >= lane.y[0] && y <= lane.y[1]);
    const time = ns(part, view, at);
    const near = (2 * view.range) / (part.x[1] - part.x[0]);
    const bars = (lane?.bars ?? []).filter(([row, start, length]) => {
      const [top, height] = lane.rows[row];
      return time >= start - near && time <= start + length + near && y >= top - 1 && y <= top + height + 1;
    });
    const mark = lane?.marks.find(([at]) => Math.abs(at - time) < 2 * near && Math.abs(y - lane.middle) < 8);
    return { number, lane, time, mark, bar: bars.sort((a, b) => a[2] - b[2])[0] };
  }

  function tell({ number, lane, time, mark, bar }) {
    current = number;
    const part = parts[number];
    const lines = [`at ${human(part, time)}`];
    if (mark) lines[0] = `${labels[mark[1]]}: at ${human(part, mark[0])}`;
    else if (bar) {
      const [, start, long, label, , core, cause] = bar;
      lines[0] = `${labels[label]}: from ${human(part, start)}, lasts ${length(part, long)}`;
      if (core >= 0) lines[0] += `, on core ${core}`;
      if (cause !== undefined) lines[0] += `, ${causes[cause]}`;
    }
    if (lane) lines.push(`${lane.name} (${lane.id})`);
    if (marks.length === 2) lines.push(`between the marks: ${length(part, Math.abs(marks[1] - marks[0]))}`);
    else if (marks.length) lines.push(`from the mark: ${length(part, Math.abs(time - marks[0]))}`);
    else if (zoomed(number) && part.left) lines.push(`of all bars the longest; ${part.left} shorter ones are not here`);
    said.textContent = lines.join("\n");
    cursors.replaceChildren();
    parts.forEach((other, place) => {
      if (!other.step !== !part.step) return;
      for (const [at, dashes] of [[time, ""], ...marks.map((mark) => [mark, "4 3"])]) {
        const where = x(other, views[place], at);
        if (where >= other.x[0] && where <= other.x[1])
          make("path", { d: `M${where} ${other.y[0]}V${other.y[1]}`, "stroke-dasharray": dashes }, cursors);
      }
    });
  }

  // Parts of one scale keep it.
  const together = (number, change) => {
    parts.forEach((part, place) => {
      if (part.range !== parts[number].range) return;
      change(part, views[place]);
      const last = part.from + part.range - views[place].range;
      views[place].from = Math.max(part.from, Math.min(views[place].from, last));
    });
    draw();
  };
  const zoom = (number, factor, middle) =>
    together(number, (part, view) => {
      const range = Math.min(part.range, Math.max(view.range * factor, part.range / 1e6, part.step ?? 20));
      view.from = middle - ((middle - view.from) / view.range) * range;
      view.range = range;
    });
  const pan = (number, by) => together(number, (part, view) => (view.from += by));
  const reset = () => {
    parts.forEach(({ from, range }, place) => Object.assign(views[place], { from, range }));
    picked = null;
    marks.length = 0;
    cursors.replaceChildren();
    draw();
  };

  const fingers = new Map();
  let drag = null;
  svg.addEventListener("pointermove", (event) => {
    const at = place(event);
    const number = under(at);
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      const apart = () => Math.abs([...fingers.values()].reduce((a, b) => a.x - b.x)) + 1;
      const before = apart();
      fingers.set(event.pointerId, at);
      if (drag) {
        const middle = [...fingers.values()].reduce((a, b) => (a.x + b.x) / 2);
        drag.moved = true;
        zoom(drag.number, before / apart(), ns(parts[drag.number], views[drag.number], middle));
      }
    } else if (drag && zoomed(drag.number)) {
      const part = parts[drag.number];
      pan(drag.number, ((drag.x - at.x) / (part.x[1] - part.x[0])) * views[drag.number].range);
      if (Math.abs(drag.x - at.x) > 0.5) drag.moved = true;
      drag.x = at.x;
    } else if (number >= 0) tell(find(number, at.x, at.y));
  });
  svg.addEventListener("pointerdown", (event) => {
    const at = place(event);
    const number = under(at);
    if (number < 0) return;
    fingers.set(event.pointerId, at);
    drag ??= { number, x: at.x };
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (!fingers.size) drag = null;
  };
  svg.addEventListener("pointerup", (event) => {
    const was = drag;
    lift(event);
    if (!was || was.moved) return;
    const at = place(event);
    const found = find(was.number, at.x, at.y);
    if (event.shiftKey) {
      if (marks.length === 2) marks.length = 0;
      marks.push(found.time);
    } else {
      const label = (found.mark ?? found.bar)?.[found.mark ? 1 : 3] ?? null;
      picked = picked === label ? null : label;
      draw();
    }
    tell(found);
  });
  svg.addEventListener("pointercancel", lift);
  svg.addEventListener("pointerleave", lift);
  svg.addEventListener("pointerenter", () => (said.textContent ||= hint));
  svg.addEventListener("focus", () => (said.textContent ||= hint));
  svg.addEventListener("dblclick", reset);
  svg.addEventListener(
    "wheel",
    (event) => {
      // With Ctrl, as two fingers on a touchpad come, too; else the page scrolls.
      if (!event.ctrlKey && !event.metaKey) return;
      const at = place(event);
      const number = under(at);
      if (number < 0) return;
      event.preventDefault();
      zoom(number, Math.exp(event.deltaY / 200), ns(parts[number], views[number], at.x));
    },
    { passive: false },
  );
  // From bar to bar, for who has no pointer.
  const walk = (by) => {
    const all = parts.flatMap((part, number) =>
      part.lanes.flatMap((lane) => lane.bars.map((bar) => ({ number, lane, bar, time: bar[1] }))),
    );
    if (!all.length) return;
    walked = (walked + by + all.length) % all.length;
    tell(all[walked]);
  };
  svg.addEventListener("keydown", (event) => {
    const { from, range } = views[current];
    const keys = {
      "+": () => zoom(current, 0.5, from + range / 2),
      "-": () => zoom(current, 2, from + range / 2),
      0: reset,
      Escape: reset,
      ArrowLeft: () => pan(current, -range / 4),
      ArrowRight: () => pan(current, range / 4),
      ArrowDown: () => walk(1),
      ArrowUp: () => walk(-1),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
});
