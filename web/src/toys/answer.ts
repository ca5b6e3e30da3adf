// The worker's side of the Swiss roll's page.
import { fetchBytes } from "../engine/download";
import type { ToyAnswer, ToyRequest } from "./protocol";
import type { ToyCore } from "./wasm";

/** Answers one question; what goes wrong becomes a sentence. */
export async function answerToy(request: ToyRequest, load: () => Promise<ToyCore>): Promise<ToyAnswer> {
  const { base, question } = request;
  try {
    const core = await load();
    switch (question.kind) {
      case "run":
        if (core.opened !== question.model) {
          const file = `${base}models/toys/${question.model}.safetensors`;
          core.open(question.model, await fetchBytes(file, "model", () => {}));
        }
        return { kind: "run", run: core.run(question.steps, question.count, question.seed) };
      case "density":
        return { kind: "density", density: core.density(question.state, question.side, question.reach) };
      case "reverse":
        return {
          kind: "reverse",
          reverse: core.reverse(question.step, question.x, question.y, question.side),
        };
    }
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
