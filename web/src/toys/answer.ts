// The worker's side of the toys' pages.
import { fetchBytes } from "../engine/download";
import type { ToyAnswer, ToyRequest } from "./protocol";
import type { ToyCore } from "./wasm";

const weights = (base: string, model: string) =>
  fetchBytes(`${base}models/toys/${model}.safetensors`, "model", () => {});

/** Answers one question; what goes wrong becomes a sentence. */
export async function answerToy(request: ToyRequest, load: () => Promise<ToyCore>): Promise<ToyAnswer> {
  const { base, question } = request;
  try {
    const core = await load();
    switch (question.kind) {
      case "run":
        if (core.opened !== question.model) core.open(question.model, await weights(base, question.model));
        return { kind: "run", run: core.run(question.steps, question.count, question.seed) };
      case "density":
        return { kind: "density", density: core.density(question.state, question.side, question.reach) };
      case "reverse":
        return {
          kind: "reverse",
          reverse: core.reverse(question.step, question.x, question.y, question.side),
        };
      case "bits":
        if (core.bits.opened !== question.model)
          core.bits.open(question.model, await weights(base, question.model));
        return { kind: "bits", run: core.bits.run(question.steps, question.count, question.seed) };
      case "bit-bound":
        return { kind: "bit-bound", bound: core.bits.bound(question.steps) };
    }
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
