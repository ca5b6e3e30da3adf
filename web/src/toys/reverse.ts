// One reverse step from the chosen point: the true distribution, and the network's Gaussian over it.
import { byId, element, math } from "../dom";
import { themeColor } from "../draw/plot";
import { formatNumber } from "../state";
import { densityImage } from "./density";
import type { ToyReverse } from "./protocol";
import { Square, type Pair } from "./square";

export const REVERSE_SIDE = 128;

export class ReverseView {
  private readonly canvas = byId<HTMLCanvasElement>("reverse");
  private readonly numbers = byId("reverse-numbers");

  /** `step` names what it is of, "t = 12 → 11". */
  draw(reverse: ToyReverse, chosen: Pair, step: string): void {
    this.canvas.dataset.shown = step;
    const square = Square.begin(this.canvas, reverse.centre, reverse.reach);
    if (!square) return;
    square.image(densityImage(reverse.density, REVERSE_SIDE));
    for (const deviations of [1, 2]) {
      const radii: Pair = [deviations * reverse.sigma[0], deviations * reverse.sigma[1]];
      square.ellipse(reverse.mu, radii, themeColor("now"), deviations === 1 ? 2 : 1);
    }
    square.dots(new Float32Array(reverse.mu), 3, themeColor("now"));
    square.dots(new Float32Array(chosen), 4, themeColor("ink"));
    this.write(reverse);
  }

  private write(reverse: ToyReverse): void {
    const pair = ([x, y]: Pair) => `(${formatNumber(x, 2)}, ${formatNumber(y, 2)})`;
    const entry = (name: Node | string, value: string) =>
      element("span", { class: "entry" }, name, " ", element("b", { class: "number" }, value));
    this.numbers.replaceChildren(
      entry("KL of the truth to the network:", `${formatNumber(reverse.kl_bits, 3)} bits`),
      entry(math("μ"), pair(reverse.mu)),
      entry(math("σ"), pair(reverse.sigma)),
      entry("true mean", pair(reverse.mean)),
      entry("its deviation", pair(reverse.deviation)),
    );
  }
}
