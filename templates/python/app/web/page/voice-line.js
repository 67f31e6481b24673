/**
 * The last ten seconds of both voices as one line: the caller's above, the model's below. Every
 * column is the peak of real samples. Still when nothing sounds; two plain bars for those who
 * want less motion.
 */

const SPAN_MS = 10_000;
/** The width of one column: whole, so that no edge is blurred. */
const COLUMN_PX = 1;
/** So many columns may pass between two looks; the sound went on in them. */
const UNSEEN_COLUMNS = 4;

export class VoiceLine {
  #canvas;
  #context;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  /** The oldest first; the last one is still being filled. */
  #columns = [];
  #slot = 0;
  #drawn = "";

  /** Follows the size and the colours of the page until `gone` is aborted. */
  constructor(canvas, gone = new AbortController().signal) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("the browser has no 2D canvas");
    this.#canvas = canvas;
    this.#context = context;
    const sizes = new ResizeObserver(() => this.#fit());
    sizes.observe(canvas);
    gone.addEventListener("abort", () => sizes.disconnect());
    const redraw = () => this.#redraw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw, { signal: gone });
    this.#still.addEventListener("change", redraw, { signal: gone });
    this.#fit();
  }

  /** Takes one look at both levels and moves on. */
  add(nowMs, you, model) {
    const slot = Math.floor(nowMs / (SPAN_MS / this.#room));
    const seen = { you: heightOf(you.peak), model: heightOf(model.peak) };
    const fresh = Math.min(this.#room, this.#columns.length === 0 ? 1 : slot - this.#slot);
    // A tab in the background is looked at rarely; the time it was away is drawn as silence.
    const between = fresh <= UNSEEN_COLUMNS ? seen : { you: 0, model: 0 };
    for (let count = 0; count < fresh; count += 1) this.#columns.push({ ...between });
    this.#slot = slot;
    const column = this.#columns.at(-1);
    if (column === undefined) return;
    column.you = Math.max(column.you, seen.you);
    column.model = Math.max(column.model, seen.model);
    this.#columns.splice(0, this.#columns.length - this.#room);
    this.#draw();
  }

  clear() {
    this.#columns = [];
    this.#redraw();
  }

  get #room() {
    return Math.max(1, Math.floor(this.#canvas.clientWidth / COLUMN_PX));
  }

  #redraw() {
    this.#drawn = "";
    this.#draw();
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#redraw();
  }

  #draw() {
    const silent = this.#columns.every((column) => column.you === 0 && column.model === 0);
    // Silence looks the same at every moment, so it is drawn once.
    if (silent && this.#drawn === "silent") return;
    this.#drawn = silent ? "silent" : "";

    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const style = getComputedStyle(this.#canvas);
    const middle = Math.round(height / 2);
    this.#context.clearRect(0, 0, width, height);
    this.#context.fillStyle = style.getPropertyValue("--rule");
    this.#context.fillRect(0, middle, width, 1);
    if (silent) return;
    const draw = this.#still.matches ? this.#drawBar : this.#drawLine;
    this.#context.fillStyle = style.getPropertyValue("--ink");
    draw.call(this, "you", width, middle, -1);
    this.#context.fillStyle = style.getPropertyValue("--accent");
    draw.call(this, "model", width, middle, 1);
  }

  #drawLine(voice, width, middle, way) {
    const reach = middle - 1;
    const first = Math.floor(width) - this.#columns.length * COLUMN_PX;
    for (const [index, column] of this.#columns.entries()) {
      const size = Math.round(column[voice] * reach);
      const top = way === 1 ? middle + 1 : middle - size;
      if (size > 0) this.#context.fillRect(first + index * COLUMN_PX, top, COLUMN_PX, size);
    }
  }

  #drawBar(voice, width, middle, way) {
    const top = way === 1 ? middle + 5 : middle - 14;
    this.#context.fillRect(0, top, width * (this.#columns.at(-1)?.[voice] ?? 0), 10);
  }
}

/** Between the true size, in which quiet speech is hardly seen, and decibels, which fill the line. */
function heightOf(peak) {
  return peak < 0.002 ? 0 : Math.min(1, peak ** 0.6);
}
