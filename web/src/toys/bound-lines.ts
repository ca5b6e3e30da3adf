// K of the run's steps, and what it is held against.
import { byId, element } from "../dom";
import { formatNumber } from "../state";
import type { BitBound } from "./protocol";

const PAPER = -2.414; // 2015, table 1, T = 2000

/** With the standard error of an estimate. */
const number = (bits: number, error = 0) =>
  formatNumber(bits) + (error > 0 ? ` ± ${formatNumber(error)}` : "");

export class BoundLines {
  private readonly list = byId("bound-lines");

  waiting(steps: number): void {
    this.list.replaceChildren(element("dt", {}, `Measuring K of ${steps} steps …`));
  }

  show(bound: BitBound, steps: number, allSteps: number): void {
    const rows: [string, string][] = [
      ["the data, log₂ ⅕: no model is better", number(bound.data)],
      [
        `K* of ${steps} steps: the best that independent bits can do`,
        number(bound.best.bits, bound.best.error),
      ],
      [`K of ${steps} steps, this network`, number(bound.model.bits, bound.model.error)],
      [`what the network falls short of K*`, number(bound.gap.bits, bound.gap.error)],
      [`the paper's K, ${allSteps} steps`, number(PAPER)],
      ["L_null: bits that know only their base rate", number(bound.null)],
    ];
    this.list.replaceChildren(
      ...rows.flatMap(([name, value]) => [
        element("dt", {}, name),
        element("dd", { class: "number" }, value),
      ]),
    );
  }
}
