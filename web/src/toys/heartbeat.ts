// The heartbeat's page: the bits of 64 sequences through the reverse steps, and the bound of such a run.
import { byId } from "../dom";
import { themeColor } from "../draw/plot";
import { formatNumber } from "../state";
import { logScale } from "../views/slider";
import { BoundLines } from "./bound-lines";
import { HistoryView } from "./history";
import { Newest } from "./newest";
import { ToyPage } from "./page";
import type { BitRun } from "./protocol";
import { Raster } from "./raster";

const MODEL = "heartbeat";
const SEQUENCES = 64;
const MAX_STEPS = 2000;

class HeartbeatPage extends ToyPage<BitRun> {
  private readonly bits = new Raster(byId<HTMLCanvasElement>("bits"), (n) => this.choose(n));
  private readonly flips = new Raster(byId<HTMLCanvasElement>("flips"), (n) => this.choose(n));
  private readonly history = new HistoryView((position) => this.seek(position));
  private readonly bound = new BoundLines();
  private readonly bounds = new Newest(() => this.measure());
  private boundOf = 0; // the number of steps whose bound is on show, or asked for
  private chosen = 0;

  constructor() {
    super({
      maxSteps: MAX_STEPS,
      stepsScale: logScale(2, MAX_STEPS),
      secondsAtMost: 12,
      stepsASecond: 25,
    });
  }

  protected async ask(steps: number, seed: number): Promise<BitRun> {
    const question = { kind: "bits", model: MODEL, steps, count: SEQUENCES, seed } as const;
    return (await this.client.ask(question)).run;
  }

  protected began(): void {
    if (this.boundOf === this.numSteps) return; // another seed has the same
    this.boundOf = this.numSteps;
    this.bound.waiting(this.numSteps);
    this.bounds.ask().catch((error: Error) => this.messages.showError(error.message));
  }

  private async measure(): Promise<void> {
    const steps = this.boundOf;
    const { bound } = await this.client.ask({ kind: "bit-bound", steps });
    if (steps === this.boundOf) this.bound.show(bound, steps, MAX_STEPS);
  }

  private choose(sequence: number): void {
    this.chosen = Math.min(SEQUENCES - 1, Math.max(0, sequence));
    this.render();
  }

  protected show(run: BitRun, position: number): void {
    const { size, count } = run;
    const valid = run.valid[position]!;
    const rows = { size, count, valid, chosen: this.chosen };
    const step = Math.min(position, this.numSteps - 1);
    const flips = run.flips[step]!;
    const highest = flips.reduce((most, chance) => Math.max(most, chance), 0);
    byId("bits-title").textContent =
      `${this.stepTitle()} · ${valid.reduce((sum, is) => sum + is, 0)} of ${count} are heartbeats`;
    this.bits.draw({ ...rows, shades: run.x[position]! }, themeColor("ink"));
    // Shades grow with the square root, so that small chances still show.
    const shades = flips.map((chance) => Math.sqrt(chance / (highest || 1)));
    this.flips.draw({ ...rows, shades, valid: run.valid[step]! }, themeColor("now"));
    byId("flips-highest").textContent = formatNumber(highest);
    byId("flips-title").textContent = `The chance of each bit to flip in the step ${this.times(step)}`;
    byId("history-title").textContent =
      `Sequence ${this.chosen + 1}, from noise to ${run.valid.at(-1)![this.chosen] ? "a heartbeat" : "what is none"}`;
    this.history.draw(run, this.chosen, position);
  }
}

new HeartbeatPage().open();
