// The Swiss roll's page: a run of 2,000 points, and one reverse step looked at closely.
import { byId } from "../dom";
import { linearScale } from "../views/slider";
import { CloudView, DENSITY_SIDE, REACH } from "./cloud";
import type { Controls } from "./address";
import { Newest } from "./newest";
import { ToyPage } from "./page";
import type { ToyReverse, ToyRun } from "./protocol";
import { ReverseView, REVERSE_SIDE } from "./reverse";
import type { Pair } from "./square";

const POINTS = 2000;
const MAX_STEPS = 40;

class SwissRollPage extends ToyPage<ToyRun> {
  private readonly model = byId<HTMLSelectElement>("model");
  private readonly cloud = new CloudView(
    (point) => this.choose(point),
    ([x, y]) => this.choose([this.chosen[0] + x, this.chosen[1] + y]),
  );
  private readonly reverseView = new ReverseView();
  private chosen: Pair = [0.3, 0.2];
  private densities: (Float32Array | undefined)[] = [];
  private reverse: { step: number; of: ToyReverse } | undefined;
  // A drag of the point never leaves a queue behind.
  private readonly nearby = new Newest(() => this.askAround());

  constructor() {
    super({
      maxSteps: MAX_STEPS,
      stepsScale: linearScale(2, MAX_STEPS),
      secondsAtMost: 30,
      stepsASecond: 8,
    });
    this.model.addEventListener("change", () => this.start());
  }

  protected override ownDefaults(): Controls {
    return { model: this.model.options[0]!.value };
  }

  protected override own(): Controls {
    return { model: this.model.value };
  }

  protected override setOwn({ model }: Controls): void {
    const known = [...this.model.options].some(({ value }) => value === model);
    this.model.value = known ? model! : this.model.options[0]!.value;
  }

  protected async ask(steps: number, seed: number): Promise<ToyRun> {
    const model = this.model.value;
    return (await this.client.ask({ kind: "run", model, steps, count: POINTS, seed })).run;
  }

  protected began(): void {
    this.densities = [];
    this.reverse = undefined;
  }

  private choose([x, y]: Pair): void {
    const within = (value: number) => Math.min(REACH, Math.max(-REACH, value));
    this.chosen = [within(x), within(y)];
    this.look();
  }

  protected override around(): void {
    void this.nearby.ask();
  }

  /** The step from the chosen point, and the density behind. */
  private async askAround(): Promise<void> {
    const { run, position, chosen, turn } = this;
    if (!run) return;
    const step = Math.min(position, this.numSteps - 1);
    const [x, y] = chosen;
    const { reverse } = await this.client.ask({ kind: "reverse", step, x, y, side: REVERSE_SIDE });
    if (turn !== this.turn || !reverse) return;
    this.reverse = { step, of: reverse };
    if (!this.densities[position]) {
      const question = { kind: "density", state: position, side: DENSITY_SIDE, reach: REACH } as const;
      const { density } = await this.client.ask(question);
      if (turn !== this.turn) return;
      this.densities[position] = density;
    }
    this.render();
  }

  protected show(run: ToyRun, position: number): void {
    byId("cloud-title").textContent = this.stepTitle();
    byId("reverse-title").textContent =
      `One reverse step from the chosen point · ${this.times(Math.min(position, this.numSteps - 1))}`;
    this.cloud.draw(run, position, this.chosen, this.densities[position]);
    if (this.reverse) this.reverseView.draw(this.reverse.of, this.chosen, this.times(this.reverse.step));
  }
}

new SwissRollPage().open();
