// Sentences in place: notes about settings, progress while loading, errors with a retry.
import { byId, element } from "../dom";

export class MessagesView {
  private readonly root = byId("messages");
  private readonly note = element("p", { class: "message note", role: "status", hidden: true });
  private readonly error = element("div", { class: "message error", role: "alert", hidden: true });

  constructor() {
    this.root.append(this.note, this.error);
  }

  showNotes(notes: string[]): void {
    this.note.hidden = notes.length === 0;
    this.note.textContent = notes.join(" ");
  }

  showError(sentence: string, retry?: () => void): void {
    const button = element("button", { type: "button" }, "Retry");
    button.addEventListener("click", () => {
      this.clearError();
      retry?.();
    });
    this.error.replaceChildren(element("span", {}, sentence), ...(retry ? [button] : []));
    this.error.hidden = false;
  }

  clearError(): void {
    this.error.hidden = true;
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** What runs, or how far loading has come. */
export class BadgeView {
  private readonly root = byId("badge");
  private readonly files = new Map<string, { loaded: number; total: number }>();

  progress(what: string, loaded: number, total: number): void {
    this.files.set(what, { loaded, total });
  }

  loading(recording: boolean): void {
    const files = [...this.files.values()];
    const sum = (key: "loaded" | "total") => files.reduce((all, file) => all + file[key], 0);
    const known = files.every((file) => file.total >= file.loaded && file.total > 0);
    const of = known ? ` of ${megabytes(sum("total"))}` : "";
    const amount = files.length > 0 ? `, ${megabytes(sum("loaded"))}${of} MB` : "";
    this.show(`${recording ? "Recording · loading" : "Loading"} the network${amount}`, "loading");
  }

  running(threads: number, adapter: string | undefined, millisecondsPerStep: number): void {
    const here = threads > 1 ? `WASM, ${threads} threads` : "WASM";
    const where = adapter === undefined ? here : `WebGPU, ${adapter}`;
    const pace = millisecondsPerStep > 0 ? ` · ${millisecondsPerStep.toFixed(0)} ms a step` : "";
    this.show(`${where}${pace}`, "live");
  }

  failed(recording: boolean): void {
    this.files.clear();
    this.show(recording ? "Recording · not running" : "Not running", "failed");
  }

  private show(text: string, kind: string): void {
    if (this.root.textContent !== text) this.root.textContent = text;
    this.root.dataset.kind = kind;
  }
}
