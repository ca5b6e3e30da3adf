// The network's blocks as boxes where the core places them, and the ways between them as lines.
import { byId, element } from "../dom";
import type { Block, Edge, Network, Shape } from "../engine/network";

export const shapeText = ([height, width, channels]: Shape) =>
  height * width === 1 ? String(channels) : `${height}×${width}×${channels}`;

const count = (value: number) => value.toLocaleString("en");

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  x: number;
  y: number;
}

function boxOf({ offsetLeft: left, offsetTop: top, offsetWidth, offsetHeight }: HTMLElement): Box {
  const [right, bottom] = [left + offsetWidth, top + offsetHeight];
  return { left, top, right, bottom, x: (left + right) / 2, y: (top + bottom) / 2 };
}

/** From edge to edge: straight in a row or a column, else curved. */
function wayBetween(a: Box, b: Box): string {
  if (a.y === b.y) return a.x < b.x ? `M${a.right} ${a.y}H${b.left}` : `M${a.left} ${a.y}H${b.right}`;
  const [from, to] = a.y < b.y ? [a.bottom, b.top] : [a.top, b.bottom];
  if (a.x === b.x) return `M${a.x} ${from}V${to}`;
  const middle = (from + to) / 2;
  return `M${a.x} ${from}C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${to}`;
}

/** Past boxes of its own column: along their side. */
function wayAround(a: Box, b: Box): string {
  const side = Math.max(a.right, b.right) + 9;
  return `M${a.right} ${a.y}H${side}V${b.y}H${b.right}`;
}

/** Conditioning goes down from its block, along the gap above the box that takes it, and into its corner. */
function wayFromAbove(a: Box, b: Box, gap: number): string {
  if (a.y === b.y) return wayBetween(a, b);
  if (a.x === b.x) return wayAround(a, b);
  const corner = a.x > b.x ? b.right - 12 : b.left + 12;
  return `M${a.x} ${a.bottom}V${b.top - gap / 2}H${corner}V${b.top}`;
}

/** Behind the rows of one resolution. */
const bands = ({ levels }: Network) =>
  levels.map(({ first_row, last_row }) => {
    const band = element("div", { class: "level" });
    band.style.gridArea = `${first_row + 1} / 1 / ${last_row + 2} / -1`;
    return band;
  });

/** Over the lines, so that none crosses them. */
const bandNames = ({ levels }: Network) =>
  levels.map(({ first_row, height, width }) => {
    const name = element("span", { class: "level-name" }, `${height} × ${width}`);
    name.style.gridArea = `${first_row + 1} / 1 / auto / -1`;
    return name;
  });

const ARROW = `<defs><marker id="way-end" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6"
  markerUnits="userSpaceOnUse" orient="auto"><path class="way-end" d="M0 0L6 3L0 6z" /></marker></defs>`;

export class NetworkGraphView {
  private readonly root = byId("network-graph");
  private readonly lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  private boxes: HTMLButtonElement[] = [];
  private network: Network | undefined;

  constructor(private readonly choose: (block: number) => void) {
    this.lines.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => this.drawLines()).observe(this.root);
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  build(network: Network): void {
    this.network = network;
    this.root.style.setProperty("--columns", String(network.columns));
    this.boxes = network.blocks.map((block, i) => this.box(block, i));
    this.root.replaceChildren(...bands(network), this.lines, ...bandNames(network), ...this.boxes);
    this.drawLines();
  }

  update(chosen: number): void {
    this.boxes.forEach((box, i) => {
      box.setAttribute("aria-pressed", String(i === chosen));
      box.tabIndex = i === chosen ? 0 : -1; // one stop for Tab; up and down walk through the blocks
    });
  }

  focus(): void {
    this.boxes.find((box) => box.tabIndex === 0)?.focus({ preventScroll: true });
  }

  private box(block: Block, i: number): HTMLButtonElement {
    const parameters = element("span", {}, block.parameters > 0 ? count(block.parameters) : "");
    const box = element(
      "button",
      { type: "button", class: block.ops.length > 0 ? "block" : "block input" },
      element("span", { class: "block-title" }, block.title),
      element("span", { class: "block-size" }, element("span", {}, shapeText(block.output)), parameters),
    );
    box.title = `${block.name}: ${shapeText(block.output)}, ${count(block.parameters)} parameters`;
    box.style.gridArea = `${block.row + 1} / ${block.column + 1}`;
    box.addEventListener("click", () => this.choose(i));
    return box;
  }

  private key(event: KeyboardEvent): void {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const at = this.boxes.indexOf(event.target as HTMLButtonElement);
    if (by === 0 || at < 0) return;
    event.preventDefault();
    const next = Math.min(this.boxes.length - 1, Math.max(0, at + by));
    this.choose(next);
    this.boxes[next]!.focus();
  }

  private drawLines(): void {
    if (!this.network || this.root.clientWidth === 0) return;
    const boxes = this.boxes.map(boxOf);
    const gap = parseFloat(getComputedStyle(this.root).rowGap);
    const ways = this.network.edges.map((edge) => this.line(edge, boxes[edge.from]!, boxes[edge.to]!, gap));
    this.lines.innerHTML = ARROW;
    this.lines.append(...ways);
  }

  private line({ kind }: Edge, a: Box, b: Box, gap: number): SVGPathElement {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const past = kind === "skip" && a.x === b.x;
    const way = kind === "conditioning" ? wayFromAbove(a, b, gap) : past ? wayAround(a, b) : wayBetween(a, b);
    path.setAttribute("d", way);
    path.setAttribute("class", kind);
    path.setAttribute("marker-end", "url(#way-end)");
    return path;
  }
}
