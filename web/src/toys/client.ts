// The page's end of the worker: a question, a promise of its answer.
import type { AnswerTo, ToyQuestion, ToyRequest, ToyResponse } from "./protocol";

export class ToyClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, (response: ToyResponse) => void>();
  private nextId = 1;

  /** `failed` hears of a worker that could not start or stopped. */
  constructor(failed: (sentence: string) => void) {
    this.worker = new Worker(new URL("../engine/worker.ts", import.meta.url), { name: "undiffuse-toys" });
    this.worker.onmessage = ({ data }: MessageEvent<ToyResponse>) => {
      this.waiting.get(data.id)?.(data);
      this.waiting.delete(data.id);
    };
    this.worker.onerror = (event) => {
      event.preventDefault(); // said in place, not in the console
      failed("The page's worker stopped: reload the page.");
    };
  }

  /** Rejects with the worker's sentence. */
  async ask<Q extends ToyQuestion>(question: Q): Promise<AnswerTo<Q["kind"]>> {
    const id = this.nextId++;
    const request: ToyRequest = { type: "toy", id, base: new URL(".", document.baseURI).href, question };
    const response = await new Promise<ToyResponse>((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage(request);
    });
    if (response.answer.kind === "failed") throw new Error(response.answer.message);
    return response.answer as AnswerTo<Q["kind"]>;
  }
}
