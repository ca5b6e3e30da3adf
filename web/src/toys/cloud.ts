// The cloud of points at one state, with arrows and ellipses of some, and the density behind.
import { byId } from "../dom";
import { themeColor } from "../draw/plot";
import { densityImage } from "./density";
import type { ToyRun } from "./protocol";
import { Square, type Pair } from "./square";

/** What the picture spans each way. */
export const REACH = 3.2;
export const DENSITY_SIDE = 80;
const ARROWS = 160;
const ELLIPSES = 40;

const MOVES: Record<string, Pair> = {
  ArrowUp: [0, 0.05],
  ArrowDown: [0, -0.05],
  ArrowLeft: [-0.05, 0],
  ArrowRight: [0.05, 0],
};

const pairOf = (values: Float32Array, n: number): Pair => [values[2 * n]!, values[2 * n + 1]!];

export class CloudView {
  private readonly canvas = byId<HTMLCanvasElement>("cloud");

  /** `choose` takes a point of the plane, `move` an offset to the chosen one. */
  constructor(choose: (point: Pair) => void, move: (by: Pair) => void) {
    const pointed = (event: PointerEvent) => {
      const box = this.canvas.getBoundingClientRect();
      const part = (pixel: number, size: number) => (2 * pixel) / size - 1;
      choose([
        REACH * part(event.clientX - box.left, box.width),
        -REACH * part(event.clientY - box.top, box.height),
      ]);
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0) pointed(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) pointed(event);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const by = MOVES[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation(); // the page has arrows of its own
      move(by);
    });
  }

  draw(run: ToyRun, position: number, chosen: Pair, density: Float32Array | undefined): void {
    const square = Square.begin(this.canvas, [0, 0], REACH);
    if (!square) return;
    if (density) square.image(densityImage(density, DENSITY_SIDE));
    square.dots(run.x[position]!, 1.3, themeColor("ink"), 0.6); // the shade behind shows through
    const mu = run.mu[position];
    const sigma = run.sigma[position];
    for (let n = 0; mu && sigma && n < ARROWS; ++n) {
      square.segment(pairOf(run.x[position]!, n), pairOf(mu, n), themeColor("accent"), 1.5);
      if (n < ELLIPSES) square.ellipse(pairOf(mu, n), pairOf(sigma, n), themeColor("accent"), 1);
    }
    const marked = new Float32Array(chosen);
    square.dots(marked, 7, themeColor("card"));
    square.dots(marked, 5, themeColor("now"));
  }
}
