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
  private readonly loading = new Map<string, { loaded: number; total: number }>();

  progress(what: string, loaded: number, total: number, recording: boolean): void {
    this.loading.set(what, { loaded, total });
    const sum = (key: "loaded" | "total") =>
      [...this.loading.values()].reduce((all, part) => all + part[key], 0);
    const known = [...this.loading.values()].every((part) => part.total >= part.loaded && part.total > 0);
    const of = known ? ` of ${megabytes(sum("total"))}` : "";
    const loading = recording ? "Recording · loading" : "Loading";
    this.show(`${loading} the network, ${megabytes(sum("loaded"))}${of} MB`, "loading");
  }

  running(threads: number, millisecondsPerStep: number): void {
    const where = threads > 1 ? `WASM, ${threads} threads` : "WASM";
    const pace = millisecondsPerStep > 0 ? ` · ${millisecondsPerStep.toFixed(0)} ms a step` : "";
    this.show(`${where}${pace}`, "live");
  }

  failed(recording: boolean): void {
    this.loading.clear();
    this.show(recording ? "Recording · not running" : "Not running", "failed");
  }

  private show(text: string, kind: string): void {
    if (this.root.textContent !== text) this.root.textContent = text;
    this.root.dataset.kind = kind;
  }
}
