// What a block puts out: a map for each channel, and one of them large.
import { byId, element } from "../dom";
import { diverging } from "../draw/colormap";
import { drawImage, rangeOf, signedRangeOf, type Range } from "../draw/image";
import { beginPlot, themeColor } from "../draw/plot";
import type { Block } from "../engine/network";
import type { Run } from "../engine/protocol";
import { formatNumber } from "../state";
import { rawSymbol } from "./equation";
import { shapeText } from "./network-graph";

/** One channel of [height, width, channels]. */
function channelOf(values: Float32Array, channel: number, channels: number): Float32Array {
  return values.filter((_, i) => i % channels === channel);
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
  private readonly maps = byId<HTMLCanvasElement>("feature-maps");
  private readonly large = byId<HTMLCanvasElement>("feature-large");
  private readonly numbers = byId("feature-numbers");
  private readonly ends = [byId("feature-low"), byId("feature-high")] as const;
  private readonly waits = byId("feature-waits");
  private readonly tile = document.createElement("canvas");

  private run: Run | undefined;
  private index = 0; // of the block
  private values: Float32Array | undefined; // shown
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
  update(run: Run, block: number, values: Float32Array | undefined, waiting: boolean): void {
    if (block !== this.index || run.network !== this.run?.network) {
      this.values = undefined;
      this.channel = 0;
    }
    this.run = run;
    this.index = block;
    this.values = values ?? this.values;
    this.root.classList.toggle("pending", !values);
    this.waits.hidden = !waiting;
    this.describe();
    this.paint();
  }

  private get block(): Block {
    return this.run!.network.blocks[this.index]!;
  }

  private describe(): void {
    const { title, name, inputs, output, ops, parameters, flops } = this.block;
    const takes = inputs.length > 0 ? `${inputs.map(shapeText).join(" + ")} → ` : "";
    const work = flops > 0 ? ` · ${(flops / 1e6).toFixed(1)} MFLOP` : "";
    const size = ops.length > 0 ? ` · ${parameters.toLocaleString("en")} parameters${work}` : "";
    this.head.replaceChildren(`${title} `, element("code", {}, name));
    this.size.textContent = `${takes}${shapeText(output)}${size}`;
    this.ops.textContent =
      ops.length > 0 ? ops.map(({ text }) => text).join(" → ") : "What the network is given in this step.";
  }

  /** Each map is scaled to its own largest value; single numbers share one scale. */
  private scaleOf(channel: number): Range {
    const [height, width, channels] = this.block.output;
    const values = this.values!;
    return signedRangeOf(height * width === 1 ? values : channelOf(values, channel, channels));
  }

  private paint(): void {
    const plot = beginPlot(this.maps);
    if (!plot || !this.run || !this.values) return;
    const channels = this.block.output[2];
    const { columns, side } = tiling(channels, plot.width, plot.height);
    const gap = side > 12 ? 2 : 0.5;
    plot.context.imageSmoothingEnabled = false;
    for (let channel = 0; channel < channels; ++channel) {
      const [x, y] = [(channel % columns) * side, Math.floor(channel / columns) * side];
      this.draw(this.tile, channel);
      plot.context.drawImage(this.tile, x + gap, y + gap, side - 2 * gap, side - 2 * gap);
      if (channel !== this.channel) continue;
      plot.context.strokeStyle = themeColor("now");
      plot.context.lineWidth = 2;
      plot.context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    }
    this.enlarge();
  }

  private draw(canvas: HTMLCanvasElement, channel: number): void {
    const [height, width, channels] = this.block.output;
    const one = { ...this.run!.model, height, width, channels: 1 };
    drawImage(canvas, channelOf(this.values!, channel, channels), one, diverging, this.scaleOf(channel));
  }

  private enlarge(): void {
    this.draw(this.large, this.channel);
    const channels = this.block.output[2];
    const { min, max } = rangeOf(channelOf(this.values!, this.channel, channels));
    const scale = this.scaleOf(this.channel);
    this.ends[0].textContent = formatNumber(scale.min, 2);
    this.ends[1].textContent = formatNumber(scale.max, 2);
    const name = `channel ${this.channel + 1} of ${channels}${this.meaning()}`;
    const range = min === max ? formatNumber(min) : `${formatNumber(min)} to ${formatNumber(max)}`;
    this.numbers.replaceChildren(element("span", {}, name), element("span", {}, range));
    this.large.setAttribute("aria-label", `${name}, from negative (blue) to positive (orange)`);
  }

  /** The last block's channels are the network's answer. */
  private meaning(): string {
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
