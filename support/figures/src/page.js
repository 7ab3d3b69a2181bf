// What every live figure begins with: the image that stands there becomes a picture of the page itself, dark
// where the page is. `live` makes the rest of it.
function figures(kind, live) {
  for (const box of document.querySelectorAll(`div[data-${kind}]:not([data-alive])`)) {
    box.dataset.alive = "yes";
    const image = box.querySelector("img");
    const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
    const frame = image.parentElement;
    frame.innerHTML = new TextDecoder().decode(bytes);
    const svg = frame.querySelector("svg");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", image.alt);
    for (const part of svg.querySelectorAll("title,desc")) part.remove();
    Object.assign(svg.style, { display: "block", maxWidth: "none" });
    const style = svg.querySelector("style");
    const css = style?.textContent;
    const adapt = () => {
      let ground = box;
      const colour = () => getComputedStyle(ground).backgroundColor;
      while (ground.parentElement && /transparent|,\s*0\)/.test(colour())) ground = ground.parentElement;
      const [red, green, blue, alpha = 1] = colour().match(/[\d.]+/g);
      const dark = alpha > 0 && 0.3 * red + 0.6 * green + 0.1 * blue < 110;
      if (style) style.textContent = css.replace(/@media[^{]*/, dark ? "@media all" : "@media not all");
      box.style.setProperty("--ground", alpha > 0 ? colour() : "#ffffff");
      box.style.setProperty("--ink", dark ? "#e8eaed" : "#22262b");
    };
    adapt();
    // A theme is named at the page's body or root, and its style sheet may come a little later.
    const watch = new MutationObserver(() => {
      if (!box.isConnected) return watch.disconnect();
      adapt();
      setTimeout(adapt, 500);
    });
    for (const part of [document.documentElement, document.body]) watch.observe(part, { attributes: true });
    // The page around must not take the keys for its own.
    box.dataset.lmSuppressShortcuts = "true";
    live(box, JSON.parse(box.dataset[kind]), svg);
  }
}
