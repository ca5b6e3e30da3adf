// The page's first times, for `./dev bench web`.
import { Field } from "./engine/protocol";
import { frame, type State } from "./state";

export function markFirsts(state: State): void {
  if (!frame(state, Field.XPrev)) return;
  for (const mark of state.recording ? ["first-picture"] : ["first-picture", "first-live-step"]) {
    if (performance.getEntriesByName(mark).length === 0) performance.mark(mark);
  }
}
