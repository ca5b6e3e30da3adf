// One sequence through all reverse steps: a column for each state, noise on the left; the present marked.
import { byId } from "../dom";
import { beginPlot, line, themeColor, type Plot } from "../draw/plot";
import type { BitRun } from "./protocol";

export class HistoryView {
  private readonly canvas = byId<HTMLCanvasElement>("history");
  private last = 0;

  constructor(seek: (position: number) => void) {
    const pointed = (event: PointerEvent) => {
      const part = event.offsetX / this.canvas.clientWidth;
      seek(Math.round(Math.min(1, Math.max(0, part)) * this.last));
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      pointed(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) pointed(event);
    });
  }

  draw(run: BitRun, sequence: number, position: number): void {
    const plot = beginPlot(this.canvas);
    if (!plot) return;
    this.last = run.x.length - 1;
    this.columns(plot, run, sequence);
    const x = (position / this.last) * plot.width;
    line(
      plot,
      [
        [x, 0],
        [x, plot.height],
      ],
      themeColor("now"),
      2,
    );
  }

  /** Where states are more than pixels, each pixel has the nearest state. */
  private columns(plot: Plot, run: BitRun, sequence: number): void {
    const { context, width, height } = plot;
    const columns = Math.min(run.x.length, Math.floor(width));
    const cell = { width: width / columns, height: height / run.size };
    const gap = Math.min(1, cell.height / 6);
    context.fillStyle = themeColor("page");
    context.fillRect(0, 0, width, height);
    context.fillStyle = themeColor("ink");
    for (let column = 0; column < columns; ++column) {
      const state = run.x[Math.round((column / Math.max(columns - 1, 1)) * this.last)]!;
      for (let bit = 0; bit < run.size; ++bit) {
        if (!state[sequence * run.size + bit]) continue;
        context.fillRect(column * cell.width, bit * cell.height, cell.width + 0.3, cell.height - gap);
      }
    }
  }
}
