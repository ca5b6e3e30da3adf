// Sequences of bits as a raster: a row each, in blocks side by side; the ends of valid ones are marked.
import { beginPlot, themeColor } from "../draw/plot";

const BLOCKS = 4; // side by side
const GAP = 2; // cells behind each block, the first for the mark

export interface Rows {
  /** `size` values 0..1 of each of `count` sequences, one after the other. */
  shades: ArrayLike<number>;
  size: number;
  count: number;
  valid: ArrayLike<number>;
  chosen: number;
}

export class Raster {
  private layout = { size: 20, rows: 16 };

  constructor(
    private readonly canvas: HTMLCanvasElement,
    choose: (sequence: number) => void,
  ) {
    canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      const { size, rows } = this.layout;
      const block = Math.floor((offsetX / canvas.clientWidth) * BLOCKS);
      const row = Math.floor((offsetY / canvas.clientHeight) * rows);
      if (size > 0) choose(block * rows + row);
    });
  }

  draw({ shades, size, count, valid, chosen }: Rows, color: string): void {
    const plot = beginPlot(this.canvas);
    if (!plot) return;
    const { context } = plot;
    const rows = Math.ceil(count / BLOCKS);
    this.layout = { size, rows };
    const width = plot.width / (BLOCKS * (size + GAP));
    const height = plot.height / rows;
    const gap = Math.min(1, width / 6);
    const cell = (column: number, row: number, wide = 1) =>
      context.fillRect(column * width, row * height, wide * width - gap, height - gap);
    for (let n = 0; n < count; ++n) {
      const left = Math.floor(n / rows) * (size + GAP);
      const row = n % rows;
      context.fillStyle = themeColor(n === chosen ? "accent-soft" : "page");
      cell(left, row, size);
      context.fillStyle = color;
      for (let bit = 0; bit < size; ++bit) {
        context.globalAlpha = shades[n * size + bit]!;
        cell(left + bit, row);
      }
      context.globalAlpha = 1;
      context.fillStyle = themeColor(valid[n] ? "accent" : "line");
      cell(left + size, row, 0.6);
    }
  }
}
