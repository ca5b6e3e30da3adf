// For screen readers: what a step shows, on steps that a person takes; playing would chatter.
import { byId } from "../dom";
import { Field } from "../engine/protocol";
import { frame, stepTitle, type State } from "../state";

export class Announcer {
  private readonly live = byId("live");
  private due = false;

  /** The next step whose images are there is said. */
  expect(): void {
    this.due = true;
  }

  update(state: State): void {
    const values = frame(state, Field.XPrev);
    if (!this.due || !state.source || !values) return;
    this.due = false;
    const brightness =
      values.reduce((sum, value) => sum + Math.min(1, Math.max(-1, value)), 0) / values.length;
    const percent = Math.round(50 * (brightness + 1));
    this.live.textContent = `${stepTitle(state.source, state.position)}, mean brightness ${percent} percent`;
  }
}
