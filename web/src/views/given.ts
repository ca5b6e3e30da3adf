// The panel of a given image: where it comes from, what is asked of it, and the run that follows.
import { byId, element, isTyping } from "../dom";
import type { EvidenceTable, Given, ImagePart } from "../engine/protocol";
import {
  blankCanvas,
  type Canvas,
  hidePart,
  hidesSomething,
  type ImageShape,
  isBlank,
  type Tool,
} from "../given/brush";
import { pixelsOf } from "../given/picture-file";
import type { State } from "../state";
import { EvidenceChoice } from "./evidence-choice";
import { Pad } from "./pad";
import { linearScale, Slider } from "./slider";

const BRUSH = { label: "Brush", min: 1, max: 8, step: 0.5 };
const USUAL_BRUSH = 2.5; // about as thick as a digit's stroke on 28 pixels
const HIDING_BRUSH = 6;

const CAPTIONS: Record<Tool, string> = { draw: "Draw", erase: "Erase", hide: "Hide", show: "Show again" };

export interface GivenEvents {
  /** Evidence for the run, or none. */
  give(given: Given | null): void;
  /** A picture as an image of the model's; may throw a sentence. */
  fit(pixels: ImageData): Promise<Float32Array>;
  /** What the run shows now; nothing while there is none. */
  current(): Float32Array | undefined;
  seed(): number;
}

export class GivenView {
  private readonly body = byId("given-body");
  private readonly opener = byId("given-open");
  private readonly problem = byId("given-problem");
  private readonly ink = byId<HTMLInputElement>("given-ink");
  private readonly choice: EvidenceChoice;
  private readonly pad: Pad;
  private readonly brush: Slider;
  private canvas: Canvas | undefined;
  private tool: Tool = "draw";
  private on = false; // whether the run has it as evidence

  constructor(
    table: EvidenceTable,
    private readonly events: GivenEvents,
  ) {
    this.choice = new EvidenceChoice(table, () => this.chosen());
    this.pad = new Pad({
      brush: () => ({ tool: this.tool, size: this.brush.value, ink: this.inkValues() }),
      painted: () => this.changed(),
    });
    this.brush = this.makeBrush();
    this.buildTools();
    for (const part of table.parts) this.buildPart(part);
    this.listen();
    this.takeTool("draw");
    this.chosen();
  }

  /** Evidence that came with a saved picture. */
  take(given: Given, shape: ImageShape): void {
    this.canvas = { shape, image: given.image.slice(), known: given.known.slice() };
    this.choice.take(given);
    this.pad.open(this.canvas);
    this.showTools();
  }

  update(state: State): void {
    const run = state.source?.run;
    this.on = Boolean(run?.evidence);
    byId("given-run").textContent = this.on ? "Run again with it" : "Run with this image";
    byId<HTMLButtonElement>("given-none").disabled = !this.on;
    if (run) this.fitTo(run.model);
  }

  private fitTo({ height, width, channels }: ImageShape): void {
    const same =
      this.canvas?.shape.height === height &&
      this.canvas.shape.width === width &&
      this.canvas.shape.channels === channels;
    if (same) return;
    this.canvas = blankCanvas({ height, width, channels });
    this.ink.parentElement!.hidden = channels !== 3;
    this.pad.open(this.canvas);
  }

  // --- Its parts ---

  private makeBrush(): Slider {
    const brush = new Slider({
      ...BRUSH,
      scale: linearScale(BRUSH.min, BRUSH.max),
      format: (size) => `${size} pixels`,
      preview: () => {},
      apply: () => {},
    });
    brush.set(USUAL_BRUSH);
    byId("given-brush").append(brush.root);
    return brush;
  }

  private buildTools(): void {
    for (const [tool, caption] of Object.entries(CAPTIONS) as [Tool, string][]) {
      const button = element("button", { type: "button", id: `tool-${tool}` }, caption);
      button.addEventListener("click", () => this.takeTool(tool));
      byId("given-tools").append(button);
    }
  }

  private buildPart(part: ImagePart): void {
    const caption = part.name[0]!.toUpperCase() + part.name.slice(1);
    const button = element("button", { type: "button" }, caption);
    button.addEventListener("click", () => {
      if (!this.canvas) return;
      hidePart(this.canvas, part);
      this.repaint();
    });
    byId("given-parts").append(button);
  }

  private listen(): void {
    this.opener.addEventListener("click", () => this.toggle());
    document.addEventListener("keydown", (event) => {
      const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !isTyping(event);
      if (plain && event.key.toLowerCase() === "g") this.toggle();
    });
    byId("given-clear").addEventListener("click", () => this.clear());
    byId("given-invert").addEventListener("click", () => this.invert());
    byId("given-current").addEventListener("click", () => this.takeCurrent());
    byId("given-run").addEventListener("click", () => this.give());
    byId("given-none").addEventListener("click", () => this.events.give(null));
    this.listenToFiles();
  }

  private listenToFiles(): void {
    const input = byId<HTMLInputElement>("given-file");
    byId("given-load").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files?.[0]) void this.load(input.files[0]);
      input.value = ""; // the same file can be chosen again
    });
    byId("given").addEventListener("drop", (event) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation(); // elsewhere on the page it would be a saved picture or a model
      document.documentElement.classList.remove("dropping");
      if (!this.open) this.toggle();
      void this.load(file);
    });
  }

  private get open(): boolean {
    return !this.body.hidden;
  }

  private toggle(): void {
    this.body.hidden = this.open;
    this.opener.setAttribute("aria-expanded", String(this.open));
    this.opener.textContent = this.open ? "Close" : "Give an image";
    if (this.open) byId("given").scrollIntoView({ block: "nearest" });
  }

  // --- The image ---

  private clear(): void {
    if (!this.canvas) return;
    Object.assign(this.canvas, blankCanvas(this.canvas.shape));
    this.choice.isNoisy = false;
    this.takeTool("draw");
    this.repaint();
  }

  private invert(): void {
    if (!this.canvas) return;
    this.canvas.image.forEach((value, i, image) => (image[i] = -value));
    this.repaint();
  }

  private takeCurrent(): void {
    const image = this.events.current();
    if (!image) return this.say("The run has no image yet: try again in a moment.");
    this.takeImage(image);
  }

  private async load(file: File): Promise<void> {
    try {
      this.takeImage(await this.events.fit(await pixelsOf(file)));
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
  }

  private takeImage(image: Float32Array): void {
    if (!this.canvas || image.length !== this.canvas.image.length) return;
    this.canvas.image.set(image);
    this.choice.isNoisy = false;
    this.repaint();
  }

  private repaint(): void {
    this.pad.draw();
    this.changed();
  }

  private takeTool(tool: Tool): void {
    const hides = (of: Tool) => of === "hide" || of === "show";
    if (hides(tool) !== hides(this.tool)) this.brush.set(hides(tool) ? HIDING_BRUSH : USUAL_BRUSH);
    this.tool = tool;
    for (const each of Object.keys(CAPTIONS)) {
      byId(`tool-${each}`).setAttribute("aria-pressed", String(each === tool));
    }
  }

  /** #rrggbb as values of the model's; grey models draw in white. */
  private inkValues(): number[] {
    if (this.canvas?.shape.channels !== 3) return [1];
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(this.ink.value.slice(at, at + 2), 16) / 127.5 - 1);
    return [r!, g!, b!];
  }

  // --- What is asked of it ---

  /** Another task or way, or another amount. */
  private chosen(): void {
    this.showTools();
    this.changed();
  }

  private showTools(): void {
    const inpaints = this.choice.task === "inpaint";
    for (const id of ["tool-hide", "tool-show", "given-hiding"]) byId(id).hidden = !inpaints;
    if (!inpaints && (this.tool === "hide" || this.tool === "show")) this.takeTool("draw");
    this.pad.showMask(inpaints);
  }

  /** A run that has the image already follows each change; else it waits for the button. */
  private changed(): void {
    this.say("");
    if (this.on) this.give();
  }

  private give(): void {
    const { canvas, choice } = this;
    if (!canvas) return this.say("The run has no image yet: try again in a moment.");
    if (isBlank(canvas)) return this.say("The image is empty: draw something, or load an image.");
    if (choice.task === "inpaint" && !hidesSomething(canvas)) {
      return this.say("All of the image is known: hide a part of it, by the brush or by a button.");
    }
    this.say("");
    this.events.give({
      way: choice.way,
      image: canvas.image.slice(),
      known: canvas.known.slice(),
      amount: choice.amount,
      noiseSeed: choice.addsNoise ? this.events.seed() : null,
    });
  }

  private say(sentence: string): void {
    this.problem.textContent = sentence;
  }
}
