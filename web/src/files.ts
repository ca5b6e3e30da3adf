// Files in and out: pictures saved with their settings inside and opened again, models opened as files.
import { byId } from "./dom";
import type { Engine, Opened } from "./engine/client";
import type { Given, Keepsake } from "./engine/protocol";

/** The module with threads has 128 MiB that cannot grow, for the model and its trace: models of 13 MiB have run. */
const LARGEST_FILE = 12 << 20;

export interface FileEvents {
  /** What to save, or nothing while there is no run. */
  place(): { position: number; sample: number } | undefined;
  /** A saved picture's settings string and evidence; may throw a sentence. */
  settings(text: string, given: Given | null): Promise<void>;
  /** A file is the model now. */
  model(name: string, file: string): Promise<void>;
  say(sentence: string): void;
  /** Opens a file in the engine. */
  open(name: string, bytes: Uint8Array): Promise<Opened>;
}

export class Files {
  constructor(
    private readonly engine: Engine,
    private readonly events: FileEvents,
  ) {
    listenToDrops((files) => void this.open(files));
  }

  async save(what: Keepsake): Promise<void> {
    const place = this.events.place();
    if (!place) return this.events.say("There is no picture to save yet: save once the network runs.");
    const button = byId<HTMLButtonElement>("save");
    button.setAttribute("aria-busy", "true"); // a long run takes a while
    try {
      download(`undiffuse-${what}.png`, await this.engine.save(what, place.position, place.sample));
    } catch (error) {
      this.events.say(sentence(error));
    }
    button.removeAttribute("aria-busy");
  }

  /** One after the other, so that a model and a picture of it can come together. */
  async open(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      await this.openOne(file).catch((error) => this.events.say(`${file.name}: ${sentence(error)}`));
    }
  }

  private async openOne(file: File): Promise<void> {
    if (file.size > LARGEST_FILE) {
      const [size, largest] = [file.size, LARGEST_FILE].map((bytes) => Math.ceil(bytes / (1 << 20)));
      throw new Error(`It has ${size} MiB, and the page opens at most ${largest}: open it in the app.`);
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { settings, given, model } = await this.events.open(file.name, bytes);
    if (settings !== undefined) await this.events.settings(settings, given ?? null);
    if (model !== undefined) await this.events.model(model, file.name);
  }
}

const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));

function listenToDrops(open: (files: File[]) => void): void {
  const root = document.documentElement;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser leaves the page for the file
    root.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) root.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    root.classList.remove("dropping");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    open([...(event.dataTransfer?.files ?? [])]);
  });
}

function download(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes.slice().buffer], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
