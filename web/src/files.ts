// Files in and out: the Save menu with its keys, files that are chosen or dropped, downloads.
import { byId } from "./dom";
import { KEEPSAKES, type Keepsake } from "./engine/protocol";

export interface FileEvents {
  save(what: Keepsake): void;
  open(file: File): void;
}

export function startFiles(events: FileEvents): void {
  listenToMenu(events);
  listenToDrops(events);
}

function listenToMenu(events: FileEvents): void {
  const menu = byId("save-menu");
  const choose = (what: Keepsake) => {
    menu.hidePopover();
    events.save(what);
  };
  for (const what of KEEPSAKES) byId(`save-${what}`).addEventListener("click", () => choose(what));
  const input = byId<HTMLInputElement>("open-file");
  byId("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    menu.hidePopover();
    for (const file of input.files ?? []) events.open(file);
    input.value = ""; // the same file can be chosen again
  });
  document.addEventListener("keydown", (event) => {
    const typing = (event.target as HTMLElement).closest("input[type=number], select, dialog") !== null;
    if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
    const open = menu.matches(":popover-open");
    if (event.key.toLowerCase() === "s" && !open) menu.showPopover();
    const what = open ? KEEPSAKES[Number(event.key) - 1] : undefined;
    if (what) choose(what);
  });
}

function listenToDrops(events: FileEvents): void {
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
    for (const file of event.dataTransfer?.files ?? []) events.open(file);
  });
}

export function download(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes.slice().buffer], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
