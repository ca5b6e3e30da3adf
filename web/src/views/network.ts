// The network opened: its blocks as a graph, and what the chosen one puts out in the step on show.
import { byId, isTyping } from "../dom";
import type { FeatureWant } from "../engine/network";
import type { Run } from "../engine/protocol";
import { shownStep, type State } from "../state";
import { FeatureMapsView } from "./feature-maps";
import { NetworkGraphView } from "./network-graph";

/** The block on show at first: the last that takes a skip, whose maps look most like the image. */
function firstBlock({ network: { blocks } }: Run): number {
  const last = blocks.map(({ inputs }) => inputs.length > 1).lastIndexOf(true);
  return last < 0 ? Math.floor(blocks.length / 2) : last;
}

export class NetworkView {
  private readonly panel = byId("network");
  private readonly opener = byId("open-network"); // in the equation, which is there before
  private readonly note = byId("network-note");
  private readonly title = byId("network-title");
  private readonly graph = new NetworkGraphView((block) => this.choose(block));
  private readonly maps = new FeatureMapsView();
  private drawn = ""; // the model's blocks, by their names
  private block = 0;

  constructor(private readonly changed: () => void) {
    byId("network-close").addEventListener("click", () => this.close());
    this.opener.addEventListener("click", () => this.toggle());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  get open(): boolean {
    return !this.panel.hidden;
  }

  /** What is needed of the network's inside: of this step, and of the next while it plays. */
  wants(state: State): FeatureWant[] {
    const run = state.source?.run;
    if (!this.open || !run) return [];
    const step = shownStep(state);
    const steps = state.playing && step + 1 < run.steps ? [step, step + 1] : [step];
    return steps.map((at) => this.wantOf(state, at));
  }

  /** Whether the step can be shown: playing waits for the maps as it does for the pictures. */
  ready(state: State, step: number): boolean {
    const features = state.source?.features;
    return !this.open || !features || features.get(this.wantOf(state, step)) !== undefined;
  }

  update(state: State): void {
    const run = state.source?.run;
    if (!this.open || !run) return;
    const { blocks, parameters } = run.network;
    const names = `${run.model.name}: ${blocks.map(({ name }) => name).join()}`;
    if (names !== this.drawn) {
      this.drawn = names;
      this.block = firstBlock(run);
      this.graph.build(run.network);
    }
    this.title.textContent = `Inside the network: ${parameters.toLocaleString("en")} parameters`;
    this.note.textContent = noteOf(run, state);
    this.graph.update(this.block);
    const values = state.source?.features?.get(this.wantOf(state, shownStep(state)));
    this.maps.update(run, shownStep(state), this.block, values, !state.source?.features);
  }

  private wantOf(state: State, step: number): FeatureWant {
    return { step, sample: state.sample, block: this.block };
  }

  private choose(block: number): void {
    this.block = block;
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event)) return;
    const inside = (event.target as Element).closest("#network, #open-network") !== null;
    if (event.key.toLowerCase() === "n") this.toggle();
    else if (event.key === "Escape" && this.open && inside) this.close();
  }

  private toggle(): void {
    if (this.open) return this.close();
    this.panel.hidden = false;
    this.expanded(true);
    this.changed();
    requestAnimationFrame(() => {
      this.panel.scrollIntoView({ block: "nearest" });
      this.graph.focus();
    });
  }

  private close(): void {
    this.panel.hidden = true;
    this.expanded(false);
    this.changed();
    this.opener.focus();
  }

  private expanded(is: boolean): void {
    this.opener.setAttribute("aria-expanded", String(is));
  }
}

/** Which of a step's network calls is shown, where there are more than one. */
function noteOf(run: Run, state: State): string {
  const looks = run.transition[shownStep(state)]!.second === "at-end";
  if (run.guided && looks) return "Of this step's four calls, the first that knows the class is shown.";
  if (run.guided)
    return "Guidance calls the network twice in each step; shown is the call that knows the class.";
  if (looks) return "This step calls the network twice; shown is the first call.";
  return "One network call makes this step.";
}
