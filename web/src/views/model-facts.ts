// What is known of a model before it is loaded: the line under the model's select.
import { element } from "../dom";

/** A row of recording.json's models (web/scripts/record.mjs). */
export interface ModelEntry {
  name: string;
  title: string;
  data: string;
  bytes: number;
  height: number;
  width: number;
  channels: number;
  /** The core's words: "the noise". */
  predicts: string;
  /** Settings that it was made for; mostly empty. */
  own_settings: string;
}

/** A model that came as a file has no facts here; the run tells its own. */
export type ListedModel = ModelEntry | Pick<ModelEntry, "name" | "title">;

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

export class ModelFactsView {
  readonly root = element("p", { class: "model-facts" });
  private shown: ListedModel | undefined;

  show(model: ListedModel | undefined): void {
    if (model === this.shown) return;
    this.shown = model;
    this.root.replaceChildren();
    if (!model || !("data" in model)) return;
    const { data, bytes, height, width, channels, predicts, name } = model;
    const pixels = `${width} × ${height} ${channels === 1 ? "grey" : "colour"}`;
    const card = element(
      "a",
      { href: `models/${name}.html`, target: "_blank", rel: "noopener" },
      "Model card",
    );
    this.root.append(`${data}, ${pixels}, ${megabytes(bytes)} MB. Predicts ${predicts}. `, card);
  }
}
