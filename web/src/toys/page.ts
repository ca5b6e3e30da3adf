// What the toys' pages share: a run that is walked both ways, its steps and seed, transport and address.
import { byId } from "../dom";
import { Player } from "../player";
import { prefersStillness } from "../support";
import { startTheme } from "../theme";
import { MessagesView } from "../views/messages";
import { Slider, type Scale } from "../views/slider";
import { TransportView } from "../views/transport";
import { addressControls, writeControls, type Controls } from "./address";
import { ToyClient } from "./client";
import { Newest } from "./newest";
import type { ToyRunInfo } from "./protocol";

export interface ToyPageOptions {
  maxSteps: number;
  stepsScale: Scale;
  /** Of the whole run; long ones are played several steps at a time. */
  secondsAtMost: number;
  stepsASecond: number;
}

const MIN_STEPS = 2;
const MAX_SEED = 4294967295;

export abstract class ToyPage<Run extends { info: ToyRunInfo }> {
  protected readonly messages = new MessagesView();
  protected readonly client = new ToyClient((sentence) => this.messages.showError(sentence));
  protected readonly player: Player;
  protected run: Run | undefined;
  protected position = 0;
  protected turn = 0; // counts runs, so that late answers are dropped
  private readonly seed = byId<HTMLInputElement>("seed");
  private readonly steps: Slider;
  private readonly transport: TransportView;
  private readonly runs = new Newest(() => this.newRun());

  constructor(private readonly options: ToyPageOptions) {
    this.player = new Player({
      advance: () => this.advance(),
      interval: () => 1000 / options.stepsASecond,
    });
    this.steps = new Slider({
      label: "Steps",
      min: MIN_STEPS,
      max: options.maxSteps,
      step: 1,
      scale: options.stepsScale,
      describedBy: "help-steps",
      format: (steps) => `${steps} steps`,
      preview: (steps) => (byId("steps-value").textContent = String(steps)),
      apply: () => this.start(),
    });
    byId("steps").append(this.steps.root);
    this.transport = new TransportView({
      toggle: () => this.toggle(),
      step: () => this.seek(this.position + 1),
      back: () => this.seek(this.position - 1),
      restart: () => this.seek(0),
      seek: (position) => this.seek(position),
    });
    this.seed.addEventListener("change", () => this.start());
    window.addEventListener("resize", () => this.render());
    window.addEventListener("hashchange", () => this.open());
    startTheme(() => this.render());
  }

  /** Asks the worker for a run with these controls. */
  protected abstract ask(steps: number, seed: number): Promise<Run>;
  /** There is another run. */
  protected abstract began(): void;
  /** Asks for what the state on show needs beside the run. */
  protected around(): void {}
  protected abstract show(run: Run, position: number): void;
  /** Controls of its own, by name, as they are on a bare address. */
  protected ownDefaults(): Controls {
    return {};
  }
  protected own(): Controls {
    return {};
  }
  protected setOwn(_controls: Controls): void {}

  /** A run with the controls in the address. */
  open(): void {
    const controls = addressControls(this.defaults());
    const steps = Math.trunc(Number(controls.steps)) || this.options.maxSteps;
    this.steps.set(Math.min(this.options.maxSteps, Math.max(MIN_STEPS, steps)));
    byId("steps-value").textContent = String(this.steps.value);
    this.seed.value = controls.seed!;
    this.setOwn(controls);
    this.start();
  }

  /** A new run with the controls as they stand. */
  protected start(): void {
    this.runs.ask().catch((error: Error) => this.messages.showError(error.message, () => this.start()));
  }

  protected get numSteps(): number {
    return (this.run?.info.t.length ?? 1) - 1;
  }

  protected stepTitle(): string {
    if (!this.run) return "Loading";
    const { position, numSteps } = this;
    if (position >= numSteps) return `Done: ${numSteps} steps`;
    return `Step ${position + 1} of ${numSteps} · ${this.times(position)}`;
  }

  /** "t = 12 → 11" */
  protected times(step: number): string {
    return `t = ${this.run?.info.t[step]} → ${this.run?.info.t[step + 1]}`;
  }

  protected seek(position: number, play = false): void {
    if (play) this.player.play();
    else this.player.pause();
    this.position = Math.min(this.numSteps, Math.max(0, position));
    this.look();
  }

  /** Draws what is there, and asks for what is not. */
  protected look(): void {
    this.render();
    this.around();
  }

  protected render(): void {
    const { run, position } = this;
    if (!run) return;
    this.transport.update({
      playing: this.player.playing,
      position,
      source: { run: { steps: this.numSteps } },
    });
    this.show(run, position);
    if (!this.player.playing) byId("live").textContent = this.stepTitle();
  }

  private defaults(): Controls {
    return { steps: String(this.options.maxSteps), seed: "1", ...this.ownDefaults() };
  }

  private async newRun(): Promise<void> {
    const turn = ++this.turn;
    const seed = Math.min(MAX_SEED, Math.max(0, Math.trunc(Number(this.seed.value)) || 0));
    this.seed.value = String(seed);
    const controls = { steps: String(this.steps.value), seed: String(seed), ...this.own() };
    writeControls(controls, this.defaults());
    document.documentElement.dataset.source = "computing";
    const run = await this.ask(this.steps.value, seed);
    this.messages.clearError();
    if (turn !== this.turn) return;
    byId("badge").textContent = "WASM";
    byId("badge").dataset.kind = "live";
    this.run = run;
    this.position = 0;
    this.began();
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
    return this.run !== undefined && this.position >= this.numSteps;
  }

  private advance(): boolean {
    if (!this.run) return false;
    const { secondsAtMost, stepsASecond } = this.options;
    const stride = Math.ceil(this.numSteps / (secondsAtMost * stepsASecond));
    if (this.atEnd()) this.player.pause();
    else this.position = Math.min(this.numSteps, this.position + stride);
    this.look();
    return true;
  }
}
