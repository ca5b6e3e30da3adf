// One picture with its caption and legend; pointing at it inspects a pixel.
import { element, math } from "../dom";
import type { Colormap } from "../draw/colormap";
import { drawImage, mapOf, type Range } from "../draw/image";
import type { ModelInfo } from "../engine/protocol";
import { formatNumber, type State } from "../state";

export interface PictureOptions {
  symbol: string;
  caption: string;
  map: Colormap;
  /** Decimals of the legend's numbers. */
  digits?: number;
  /** What the numbers of the legend mean, for the picture's accessible name. */
  description: string;
  inspect: (row: number, column: number) => void;
}

export class Picture {
  readonly root: HTMLElement;
  readonly canvas = element("canvas", { width: 28, height: 28 });
  private readonly marker = element("div", { class: "marker", "aria-hidden": "true" });
  private readonly low = element("span");
  private readonly high = element("span");
  private readonly bar = element("span", { class: "bar" });
  private readonly caption = element("figcaption");

  constructor(private readonly options: PictureOptions) {
    const frame = element("div", { class: "frame" }, this.canvas, this.marker);
    this.canvas.setAttribute("role", "img");
    this.name(options);
    this.root = element(
      "figure",
      { class: "picture" },
      frame,
      this.caption,
      element("div", { class: "legend" }, this.low, this.bar, this.high),
    );
    const point = (event: PointerEvent) => this.point(event);
    frame.addEventListener("pointermove", point);
    frame.addEventListener("pointerdown", point);
  }

  /** What it shows, for everyone; it may change with the model and the sampler. */
  name({ symbol, caption, description }: Pick<PictureOptions, "symbol" | "caption" | "description">): void {
    if (this.canvas.getAttribute("aria-label") === description && this.caption.textContent !== "") return;
    this.canvas.setAttribute("aria-label", description);
    this.caption.replaceChildren(math(symbol), element("span", { class: "caption" }, caption));
  }

  update(
    values: Float32Array | undefined,
    model: ModelInfo | undefined,
    range: Range | undefined,
    state: State,
  ): void {
    // The last picture stays (dimmed, if it takes long) until the next is there: no flicker.
    this.root.classList.toggle("pending", !values);
    if (!values || !model || !range) return;
    drawImage(this.canvas, values, model, this.options.map, range);
    this.bar.style.background = mapOf(model, this.options.map).gradient;
    this.low.textContent = this.legendNumber(range.min);
    this.high.textContent = this.legendNumber(range.max);
    this.marker.style.left = `${(100 * state.column) / model.width}%`;
    this.marker.style.top = `${(100 * state.row) / model.height}%`;
    this.marker.style.width = `${100 / model.width}%`;
    this.marker.style.height = `${100 / model.height}%`;
  }

  /** Three decimals: .186 and 1.00, so that two such numbers fit under a phone's picture. */
  private legendNumber(value: number): string {
    const { digits = 1 } = this.options;
    if (digits < 3) return formatNumber(value, digits);
    return value < 0.9995 ? formatNumber(value, 3).replace(/^0\./, ".") : formatNumber(value, 2);
  }

  private point(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const at = (offset: number, size: number, count: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((offset / size) * count)));
    this.options.inspect(
      at(event.clientY - box.top, box.height, this.canvas.height),
      at(event.clientX - box.left, box.width, this.canvas.width),
    );
  }
}
