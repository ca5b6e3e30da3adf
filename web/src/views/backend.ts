// Which engine runs the network: a choice of this page, not a setting, because no picture depends on it.
import { byId, element } from "../dom";
import type { BackendChoice, BackendStatus } from "../engine/gpu/switch";

const OPTIONS: { value: BackendChoice; label: string }[] = [
  { value: "auto", label: "Auto" },
  { value: "webgpu", label: "WebGPU" },
  { value: "webgpu-float16", label: "WebGPU, float16 weights" },
  { value: "wasm-threads", label: "WASM, threads" },
  { value: "wasm", label: "WASM, one thread" },
];

export class BackendView {
  private readonly select = element(
    "select",
    { id: "backend", "aria-describedby": "help-backend backend-note" },
    ...OPTIONS.map(({ value, label }) => element("option", { value }, label)),
  );
  private readonly note = element("p", { class: "backend-note", id: "backend-note" });

  constructor(choose: (choice: BackendChoice) => void) {
    const help = "What computes the network: the pictures are the same.";
    byId("controls-backend").append(
      element(
        "div",
        { class: "field" },
        element(
          "div",
          { class: "field-head" },
          element("label", { class: "label", for: "backend" }, "Backend"),
        ),
        this.select,
        element("p", { class: "help", id: "help-backend" }, help),
      ),
      this.note,
    );
    this.select.addEventListener("change", () => choose(this.select.value as BackendChoice));
  }

  show(choice: BackendChoice, status: BackendStatus): void {
    this.select.value = choice;
    if (this.note.textContent !== status.note) this.note.textContent = status.note;
  }
}

export const isBackendChoice = (value: string): value is BackendChoice =>
  OPTIONS.some((option) => option.value === value);
