// A square of the plane on a canvas: from coordinates to pixels and back, and what is drawn in it.
import { beginPlot, line, type Plot } from "../draw/plot";

export type Pair = readonly [number, number];

export class Square {
  private constructor(
    readonly plot: Plot,
    private readonly centre: Pair,
    private readonly reach: number,
  ) {}

  /** Clears the canvas; nothing while it has no size. */
  static begin(canvas: HTMLCanvasElement, centre: Pair, reach: number): Square | undefined {
    const plot = beginPlot(canvas);
    return plot && new Square(plot, centre, reach);
  }

  get scale(): number {
    return this.plot.width / (2 * this.reach);
  }

  at([x, y]: Pair): [number, number] {
    return [(x - this.centre[0] + this.reach) * this.scale, (this.centre[1] + this.reach - y) * this.scale];
  }

  image(image: CanvasImageSource): void {
    this.plot.context.drawImage(image, 0, 0, this.plot.width, this.plot.height);
  }

  segment(from: Pair, to: Pair, color: string, width: number): void {
    line(this.plot, [this.at(from), this.at(to)], color, width);
  }

  ellipse(centre: Pair, [a, b]: Pair, color: string, width: number): void {
    const { context } = this.plot;
    const [x, y] = this.at(centre);
    context.beginPath();
    context.ellipse(x, y, a * this.scale, b * this.scale, 0, 0, 2 * Math.PI);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }

  /** Many dots at once: one path is far quicker than two thousand. */
  dots(points: Float32Array, radius: number, color: string, opacity = 1): void {
    const { context } = this.plot;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = this.at([points[i]!, points[i + 1]!]);
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fillStyle = color;
    context.globalAlpha = opacity;
    context.fill();
    context.globalAlpha = 1;
  }
}
