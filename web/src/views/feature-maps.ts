// What a block puts out: a map for each channel, and one of them large.
import { byId, element, words } from "../dom";
import { diverging } from "../draw/colormap";
import { clear, drawImage, rangeOf, signedRangeOf, type Range } from "../draw/image";
import { beginPlot, halo, label, themeColor, type Plot, type Point } from "../draw/plot";
import type { Block } from "../engine/network";
import type { Run } from "../engine/protocol";
import { formatNumber } from "../state";
import { rawSymbol } from "./equation";
import { BasisChart } from "./basis-chart";
import { shapeText } from "./network-graph";

/** [height, width, channels] as a map for each channel. */
function mapsOf(values: Float32Array, channels: number): Float32Array[] {
  const maps = Array.from({ length: channels }, () => new Float32Array(values.length / channels));
  for (let i = 0; i < values.length; ++i) maps[i % channels]![Math.floor(i / channels)] = values[i]!;
  return maps;
}

/** Channels in rows, as nearly square as can be. */
function tiling(count: number, width: number, height: number) {
  const columns = Math.ceil(Math.sqrt((count * width) / height));
  const side = Math.min(width / columns, height / Math.ceil(count / columns));
  return { columns, side };
}

const MOVES: Record<string, (columns: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

export class FeatureMapsView {
  private readonly root = byId("features");
  private readonly head = byId("feature-head");
  private readonly size = byId("feature-size");
  private readonly ops = byId("feature-ops");
  private readonly note = byId("feature-note");
  private readonly basis = new BasisChart();
  private readonly maps = byId<HTMLCanvasElement>("feature-maps");
  private readonly large = byId<HTMLCanvasElement>("feature-large");
  private readonly numbers = byId("feature-numbers");
  private readonly ends = [byId("feature-low"), byId("feature-high")] as const;
  private readonly waits = byId("feature-waits");
  private readonly tile = document.createElement("canvas");

  private run: Run | undefined;
  private step = 0;
  private index = 0; // of the block
  private of = ""; // its name and shape
  private values: Float32Array | undefined; // shown
  private channels: Float32Array[] = []; // of them
  private channel = 0;

  constructor() {
    byId("feature-bar").style.background = diverging.gradient;
    new ResizeObserver(() => this.paint()).observe(this.maps);
    for (const name of ["pointermove", "pointerdown"] as const) {
      this.maps.addEventListener(name, (event) => this.point(event));
    }
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** Without values the last maps stay, dimmed, unless they are another block's. */
  update(run: Run, step: number, block: number, values: Float32Array | undefined, waiting: boolean): void {
    const { name, output } = run.network.blocks[block]!;
    if (this.of !== `${name} ${output}`) {
      this.of = `${name} ${output}`;
      this.values = undefined;
      this.channel = 0;
    }
    this.run = run;
    this.step = step;
    this.index = block;
    if (values && values !== this.values) {
      this.values = values;
      this.channels = mapsOf(values, this.block.output[2]);
    }
    this.root.classList.toggle("pending", !values);
    this.waits.hidden = !waiting;
    this.describe();
    this.paint();
  }

  private get block(): Block {
    return this.run!.network.blocks[this.index]!;
  }

  private describe(): void {
    const { title, name, note, inputs, output, ops, parameters, flops } = this.block;
    const takes = inputs.length > 0 ? `${inputs.map(shapeText).join(" + ")} → ` : "";
    const work = flops > 0 ? ` · ${(flops / 1e6).toFixed(1)} MFLOP` : "";
    const size = ops.length > 0 ? ` · ${parameters.toLocaleString("en")} parameters${work}` : "";
    this.head.replaceChildren(`${title} `, element("code", {}, name));
    this.size.textContent = `${takes}${shapeText(output)}${size}`;
    this.note.hidden = note === "";
    this.note.replaceChildren(words(note));
    this.ops.textContent =
      ops.length > 0 ? ops.map(({ text }) => text).join(" → ") : "What the network is given in this step.";
  }

  /** Each map is scaled to its own largest value; single numbers share one scale. */
  private scaleOf(channel: number): Range {
    const [height, width] = this.block.output;
    return signedRangeOf(height * width === 1 ? this.values! : this.channels[channel]!);
  }

  private paint(): void {
    const plot = beginPlot(this.maps);
    if (!plot || !this.run) return;
    this.basis.update(this.run, this.step, this.bump());
    if (!this.values) return this.empty();
    const { columns, side } = tiling(this.channels.length, plot.width, plot.height);
    const gap = side > 12 ? 2 : 0.5;
    plot.context.imageSmoothingEnabled = false;
    for (let channel = 0; channel < this.channels.length; ++channel) {
      const [x, y] = [(channel % columns) * side, Math.floor(channel / columns) * side];
      this.draw(this.tile, channel);
      plot.context.drawImage(this.tile, x + gap, y + gap, side - 2 * gap, side - 2 * gap);
      if (side > 36) this.nameTile(plot, channel, [x + 5, y + 16]);
      if (channel !== this.channel) continue;
      plot.context.strokeStyle = themeColor("now");
      plot.context.lineWidth = 2;
      plot.context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    }
    this.enlarge();
  }

  /** Where a block has names for its channels: "μ 1". */
  private nameTile(plot: Plot, channel: number, at: Point): void {
    const name = this.block.channels[channel]?.replace("z^", "").replace(",", "");
    if (!name) return;
    halo(plot, name, ...at, "#fffc", "left");
    label(plot, name, ...at, "#000", "left", 12);
  }

  /** Of this channel's coefficients; undefined elsewhere. */
  private bump(): number | undefined {
    const bumps = this.run!.network.basis?.curves.length ?? 0;
    return bumps > 0 && this.block.channels.length > 2 * this.run!.model.channels
      ? this.channel % bumps
      : undefined;
  }

  private draw(canvas: HTMLCanvasElement, channel: number): void {
    const [height, width] = this.block.output;
    const one = { ...this.run!.model, height, width, channels: 1 };
    drawImage(canvas, this.channels[channel]!, one, diverging, this.scaleOf(channel));
  }

  private empty(): void {
    clear(this.large);
    for (const text of [...this.ends, this.numbers]) text.replaceChildren();
  }

  private enlarge(): void {
    this.draw(this.large, this.channel);
    const { min, max } = rangeOf(this.channels[this.channel]!);
    const scale = this.scaleOf(this.channel);
    this.ends[0].textContent = formatNumber(scale.min, 2);
    this.ends[1].textContent = formatNumber(scale.max, 2);
    const name = `channel ${this.channel + 1} of ${this.channels.length}${this.meaning()}`;
    const range = min === max ? formatNumber(min) : `${formatNumber(min)} to ${formatNumber(max)}`;
    this.numbers.replaceChildren(words(name), element("span", {}, range));
    this.large.setAttribute("aria-label", `${name}, from negative (blue) to positive (orange)`);
  }

  /** What a channel is called; the last block's are the network's answer. */
  private meaning(): string {
    const name = this.block.channels[this.channel];
    if (name) return ` (${name})`;
    if (this.index + 1 < this.run!.network.blocks.length) return "";
    const { channels } = this.run!.model;
    return this.channel < channels ? ` (${rawSymbol(this.run)})` : " (r)";
  }

  private look(channel: number): void {
    if (!this.run || channel < 0 || channel >= this.block.output[2] || channel === this.channel) return;
    this.channel = channel;
    this.paint();
  }

  private point(event: PointerEvent): void {
    if (!this.run) return;
    const box = this.maps.getBoundingClientRect();
    const { columns, side } = tiling(this.block.output[2], box.width, box.height);
    const column = Math.floor((event.clientX - box.left) / side);
    const row = Math.floor((event.clientY - box.top) / side);
    if (column >= 0 && column < columns) this.look(row * columns + column);
  }

  private key(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (!move || event.target !== event.currentTarget || !this.run) return;
    event.preventDefault();
    event.stopPropagation();
    const { columns } = tiling(this.block.output[2], this.maps.clientWidth, this.maps.clientHeight);
    this.look(this.channel + move(columns));
  }
}
