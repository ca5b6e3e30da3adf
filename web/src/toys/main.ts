// The Swiss roll's page: a run of 2,000 points, walked both ways, and one reverse step looked at closely.
import { byId } from "../dom";
import { Player } from "../player";
import { prefersStillness } from "../support";
import { startTheme } from "../theme";
import { MessagesView } from "../views/messages";
import { linearScale, Slider } from "../views/slider";
import { TransportView } from "../views/transport";
import { ToyClient } from "./client";
import { CloudView, DENSITY_SIDE, REACH } from "./cloud";
import { Newest } from "./newest";
import type { ToyReverse, ToyRun } from "./protocol";
import { ReverseView, REVERSE_SIDE } from "./reverse";
import type { Pair } from "./square";

const POINTS = 2000;
const STEPS_A_SECOND = 8;
const MAX_STEPS = 40;

class SwissRollPage {
  private readonly messages = new MessagesView();
  private readonly client = new ToyClient((sentence) => this.messages.showError(sentence));
  private readonly model = byId<HTMLSelectElement>("model");
  private readonly seed = byId<HTMLInputElement>("seed");
  private readonly steps: Slider;
  private readonly transport: TransportView;
  private readonly cloud = new CloudView(
    (point) => this.choose(point),
    ([x, y]) => this.choose([this.chosen[0] + x, this.chosen[1] + y]),
  );
  private readonly reverseView = new ReverseView();
  private readonly player = new Player({
    advance: () => this.advance(),
    interval: () => 1000 / STEPS_A_SECOND,
  });

  private run: ToyRun | undefined;
  private position = 0;
  private chosen: Pair = [0.3, 0.2];
  private densities: (Float32Array | undefined)[] = [];
  private reverse: { step: number; of: ToyReverse } | undefined;
  private asked = 0; // counts runs, so that late answers are dropped
  // A drag of a slider or of the point never leaves a queue behind.
  private readonly around = new Newest(() => this.askAround());
  private readonly runs = new Newest(() => this.newRun());

  constructor() {
    this.steps = new Slider({
      label: "Steps",
      min: 2,
      max: MAX_STEPS,
      step: 1,
      scale: linearScale(2, MAX_STEPS),
      describedBy: "help-steps",
      format: (steps) => `${steps} steps`,
      preview: (steps) => (byId("steps-value").textContent = String(steps)),
      apply: () => this.start(),
    });
    byId("steps").append(this.steps.root);
    this.steps.set(MAX_STEPS);
    byId("steps-value").textContent = String(MAX_STEPS);
    this.transport = new TransportView({
      toggle: () => this.toggle(),
      step: () => this.seek(this.position + 1),
      back: () => this.seek(this.position - 1),
      restart: () => this.seek(0),
      seek: (position) => this.seek(position),
    });
    this.model.addEventListener("change", () => this.start());
    this.seed.addEventListener("change", () => this.start());
    window.addEventListener("resize", () => this.render());
    startTheme(() => this.render());
  }

  /** A new run, of another model perhaps. */
  start(): void {
    this.runs.ask().catch((error: Error) => this.messages.showError(error.message, () => this.start()));
  }

  private async newRun(): Promise<void> {
    const turn = ++this.asked;
    const seed = Math.min(4294967295, Math.max(0, Math.trunc(Number(this.seed.value)) || 0));
    this.seed.value = String(seed);
    document.documentElement.dataset.source = "computing";
    const { run } = await this.client.ask({
      kind: "run",
      model: this.model.value,
      steps: this.steps.value,
      count: POINTS,
      seed,
    });
    this.messages.clearError();
    if (turn !== this.asked) return;
    byId("badge").textContent = "WASM";
    byId("badge").dataset.kind = "live";
    this.run = run;
    this.densities = [];
    this.reverse = undefined;
    this.position = 0;
    document.documentElement.dataset.source = "live";
    if (prefersStillness()) this.player.pause();
    else this.player.play();
    this.look();
  }

  private toggle(): void {
    if (this.player.playing) this.player.pause();
    else if (this.atEnd()) this.seek(0, true);
    else this.player.play();
    this.render();
  }

  private atEnd(): boolean {
    return this.run !== undefined && this.position >= this.run.mu.length;
  }

  private advance(): boolean {
    if (!this.run) return false;
    if (this.atEnd()) this.player.pause();
    else this.position += 1;
    this.look();
    return true;
  }

  private seek(position: number, play = false): void {
    if (play) this.player.play();
    else this.player.pause();
    this.position = Math.min(this.run?.mu.length ?? 0, Math.max(0, position));
    this.look();
  }

  private choose([x, y]: Pair): void {
    const within = (value: number) => Math.min(REACH, Math.max(-REACH, value));
    this.chosen = [within(x), within(y)];
    this.look();
  }

  /** Draws what is there, and asks for what is not: the density behind, the step from the chosen point. */
  private look(): void {
    this.render();
    void this.around.ask();
  }

  private async askAround(): Promise<void> {
    const { run, position, chosen } = this;
    if (!run) return;
    const turn = this.asked;
    const step = Math.min(position, run.mu.length - 1);
    const [x, y] = chosen;
    const { reverse } = await this.client.ask({ kind: "reverse", step, x, y, side: REVERSE_SIDE });
    if (turn !== this.asked || !reverse) return;
    this.reverse = { step, of: reverse };
    if (!this.densities[position]) {
      const question = { kind: "density", state: position, side: DENSITY_SIDE, reach: REACH } as const;
      const { density } = await this.client.ask(question);
      if (turn !== this.asked) return;
      this.densities[position] = density;
    }
    this.render();
  }

  private render(): void {
    const { run, position } = this;
    if (!run) return;
    const steps = run.mu.length;
    const times = (step: number) => `t = ${run.info.t[step]} → ${run.info.t[step + 1]}`;
    byId("cloud-title").textContent =
      position < steps ? `Step ${position + 1} of ${steps} · ${times(position)}` : `Done: ${steps} steps`;
    byId("reverse-title").textContent =
      `One reverse step from the chosen point · ${times(Math.min(position, steps - 1))}`;
    this.transport.update({
      playing: this.player.playing,
      position,
      source: { run: { steps } },
    });
    this.cloud.draw(run, position, this.chosen, this.densities[position]);
    if (this.reverse) this.reverseView.draw(this.reverse.of, this.chosen, times(this.reverse.step));
    if (!this.player.playing) byId("live").textContent = byId("cloud-title").textContent;
  }
}

new SwissRollPage().start();
