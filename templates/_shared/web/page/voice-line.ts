/**
 * The last ten seconds of both voices as one line: the caller's above, the model's below. Every
 * column is the peak of real samples. Still when nothing sounds; two plain bars for those who
 * want less motion.
 */

import type { Level } from "../realtime/meter.ts";

const SPAN_MS = 10_000;
/** What is quieter than this is not drawn. */
const FLOOR_DB = -54;

interface Column {
  readonly atMs: number;
  readonly you: number;
  readonly model: number;
}

export class VoiceLine {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #columns: Column[] = [];
  #drawn = "";

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("the browser has no 2D canvas");
    this.#canvas = canvas;
    this.#context = context;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    const redraw = (): void => this.#redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    this.#still.addEventListener("change", redraw);
    this.#fit();
  }

  /** Takes one look at both levels and moves on. */
  add(nowMs: number, you: Level, model: Level): void {
    this.#columns.push({ atMs: nowMs, you: heightOf(you.peak), model: heightOf(model.peak) });
    const oldest = nowMs - SPAN_MS;
    while ((this.#columns[0]?.atMs ?? nowMs) < oldest) this.#columns.shift();
    this.#draw(nowMs);
  }

  clear(): void {
    this.#columns = [];
    this.#redraw();
  }

  #redraw(): void {
    this.#drawn = "";
    this.#draw(this.#columns.at(-1)?.atMs ?? 0);
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#redraw();
  }

  #draw(nowMs: number): void {
    const silent = this.#columns.every((column) => column.you === 0 && column.model === 0);
    // Silence looks the same at every moment, so it is drawn once.
    const picture = silent ? "silent" : String(nowMs);
    if (picture === this.#drawn) return;
    this.#drawn = picture;

    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const style = getComputedStyle(this.#canvas);
    const [you, model, rule] = ["--ink", "--accent", "--rule"].map((name) =>
      style.getPropertyValue(name),
    ) as [string, string, string];
    const middle = height / 2;
    this.#context.clearRect(0, 0, width, height);
    this.#context.fillStyle = rule;
    this.#context.fillRect(0, middle - 0.5, width, 1);
    if (silent) return;
    if (this.#still.matches) this.#drawBars(width, middle, you, model);
    else this.#drawLine(nowMs, width, middle, you, model);
  }

  #drawLine(nowMs: number, width: number, middle: number, you: string, model: string): void {
    const reach = middle - 2;
    for (const [index, column] of this.#columns.entries()) {
      const x = width * (1 - (nowMs - column.atMs) / SPAN_MS);
      const next = this.#columns[index + 1]?.atMs ?? nowMs;
      const thick = Math.max(1, ((next - column.atMs) / SPAN_MS) * width);
      if (column.you > 0) {
        this.#context.fillStyle = you;
        this.#context.fillRect(x, middle - column.you * reach, thick, column.you * reach);
      }
      if (column.model > 0) {
        this.#context.fillStyle = model;
        this.#context.fillRect(x, middle, thick, column.model * reach);
      }
    }
  }

  #drawBars(width: number, middle: number, you: string, model: string): void {
    const last = this.#columns.at(-1);
    if (last === undefined) return;
    this.#context.fillStyle = you;
    this.#context.fillRect(0, middle - 14, width * last.you, 10);
    this.#context.fillStyle = model;
    this.#context.fillRect(0, middle + 4, width * last.model, 10);
  }
}

/** Decibels, because that is how loudness is felt: 0 at the floor, 1 at full scale. */
function heightOf(peak: number): number {
  if (peak <= 0) return 0;
  return Math.max(0, 1 - (20 * Math.log10(peak)) / FLOOR_DB);
}
