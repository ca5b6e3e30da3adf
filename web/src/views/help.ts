// The help dialog and its key.
import { byId, isTyping } from "../dom";

export function startHelp(): void {
  const help = byId<HTMLDialogElement>("help");
  byId("help-button").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !isTyping(event)) help.showModal();
  });
}
