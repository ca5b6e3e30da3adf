// One pixel's Gaussian: the bell curve p(x_{t-1} | x_t) with x_t, the draw and x0_hat marked.
import { byId, element, math } from "../dom";
import { area, beginPlot, dot, label, line, themeColor, type Point } from "../draw/plot";
import { Field } from "../engine/protocol";
import { formatNumber, isColour, pixelValue, PLANES, type State } from "../state";

interface PixelNumbers {
  x_t: number;
  mu: number;
  sigma: number;
  x_prev: number;
  x0_hat: number;
}

function read(state: State): PixelNumbers | undefined {
  const values = [Field.XT, Field.Mu, Field.Sigma, Field.XPrev, Field.X0Hat].map((f) => pixelValue(state, f));
  if (values.some((value) => value === undefined)) return undefined;
  const [x_t, mu, sigma, x_prev, x0_hat] = values as [number, number, number, number, number];
  return { x_t, mu, sigma, x_prev, x0_hat };
}

/** Without a deviation nothing is drawn: the next value is the mean. */
const nameOfNext = (pixel: PixelNumbers | undefined) => (pixel?.sigma === 0 ? "next" : "drawn");

/** Rows and columns that each key moves by. */
const MOVES: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export class PixelView {
  private readonly canvas = byId<HTMLCanvasElement>("bell");
  private readonly title = byId("pixel-title");
  private readonly numbers = byId("pixel-numbers");
  private readonly planes = byId("pixel-planes");
  private readonly planeButtons = PLANES.map((name, plane) => this.planeButton(name, plane));
  private pixel: PixelNumbers | undefined;

  constructor(
    private readonly move: (rows: number, columns: number) => void,
    private readonly choosePlane: (plane: number) => void,
  ) {
    this.planes.append(...this.planeButtons);
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    byId("pixel").addEventListener("keydown", (event) => this.key(event));
  }

  private planeButton(name: string, plane: number): HTMLElement {
    const button = element("button", { type: "button", class: `plane ${name}` }, name);
    button.addEventListener("click", () => this.choosePlane(plane));
    return button;
  }

  /** Of a colour image: which of the pixel's three values the panels are about. */
  private showPlanes(state: State): void {
    this.planes.hidden = !isColour(state.source?.run.model);
    this.planeButtons.forEach((button, plane) =>
      button.setAttribute("aria-pressed", String(plane === state.plane)),
    );
  }

  private key(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (!move || event.target !== event.currentTarget) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(...move);
  }

  update(state: State): void {
    this.title.textContent = `One pixel: row ${state.row}, column ${state.column}`;
    this.showPlanes(state);
    const pixel = read(state);
    // As with the pictures, the last numbers stay, dimmed, until the next are there.
    for (const part of [this.canvas, this.numbers]) part.classList.toggle("pending", !pixel);
    if (!pixel && this.pixel) return;
    this.pixel = pixel;
    const number = (value: number | undefined, classes = "") =>
      element("b", { class: `number ${classes}` }, formatNumber(value));
    const entry = (name: HTMLElement | string, ...rest: (Node | string)[]) =>
      element("span", { class: "entry" }, name, ...rest);
    this.numbers.replaceChildren(
      entry(math("p(x_{t−1} | x_t) = N("), number(pixel?.mu), ", ", number(pixel?.sigma), math("^2)")),
      entry(`${nameOfNext(pixel)} `, number(pixel?.x_prev, "drawn")),
      entry(math("x_t "), number(pixel?.x_t)),
      entry(math("x̂_0 "), number(pixel?.x0_hat)),
    );
    this.paint();
  }

  private paint(): void {
    const plot = beginPlot(this.canvas);
    const { pixel } = this;
    if (!plot || !pixel) return;
    const floor = plot.height - 24;
    // All marks fit, and at least four deviations each way; a narrow bell is a spike, as it should be.
    const reach = Math.max(...[pixel.x_t, pixel.x_prev, pixel.x0_hat].map((v) => Math.abs(v - pixel.mu)));
    const half = Math.max(4 * pixel.sigma, 1.12 * reach, 1e-3);
    const x = (value: number) => plot.width / 2 + ((value - pixel.mu) / half) * (plot.width / 2);
    line(
      plot,
      [
        [0, floor],
        [plot.width, floor],
      ],
      themeColor("line"),
      1,
    );
    if (pixel.sigma > 0) this.bell(plot.width, floor, half, pixel, plot);
    const dashes = plot.context;
    dashes.setLineDash([3, 3]);
    line(
      plot,
      [
        [x(pixel.mu), 14],
        [x(pixel.mu), floor],
      ],
      themeColor("accent"),
      1,
    );
    dashes.setLineDash([]);
    const marks: [string, number, string][] = [
      ["x_t", pixel.x_t, themeColor("muted")],
      ["x̂_0", pixel.x0_hat, themeColor("ink")],
      [nameOfNext(pixel), pixel.x_prev, themeColor("now")],
    ];
    for (const [, value, color] of marks) dot(plot, x(value), floor, 5, color);
    this.nameMarks(
      plot,
      marks.map(([name, value, color]) => ({ name, x: x(value), color })),
      floor + 18,
    );
    label(plot, "μ", x(pixel.mu), 12, themeColor("accent"), "center");
  }

  private bell(
    width: number,
    floor: number,
    half: number,
    pixel: PixelNumbers,
    plot: Parameters<typeof area>[0],
  ): void {
    const points: Point[] = [];
    for (let i = 0; i <= width; ++i) {
      const z = ((i / width) * 2 - 1) * (half / pixel.sigma);
      points.push([i, floor - (floor - 20) * Math.exp((-z * z) / 2)]);
    }
    area(plot, points, floor, themeColor("accent-soft"));
    line(plot, points, themeColor("accent"), 2);
  }

  /** Names under the marks, pushed apart where they would overlap. */
  private nameMarks(
    plot: Parameters<typeof label>[0],
    marks: { name: string; x: number; color: string }[],
    y: number,
  ): void {
    const gap = 44;
    const sorted = [...marks].sort((a, b) => a.x - b.x);
    const at = sorted.map((mark) => Math.min(plot.width - 22, Math.max(22, mark.x)));
    for (let i = 1; i < at.length; ++i) at[i] = Math.max(at[i]!, at[i - 1]! + gap);
    const over = Math.max(0, at[at.length - 1]! - (plot.width - 22));
    sorted.forEach((mark, i) =>
      label(plot, mark.name.replace("_t", "ₜ").replace("_0", "₀"), at[i]! - over, y, mark.color, "center"),
    );
  }
}
