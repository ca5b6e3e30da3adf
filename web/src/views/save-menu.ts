// The Save menu: what to save or open, its keys, and its place under its button.
import { byId, isTyping } from "../dom";
import { KEEPSAKES, type Keepsake } from "../engine/protocol";

const GAP = 6; // px between the button and the menu
const EDGE = 12; // px that stay free at the window's edges

export interface SaveMenuEvents {
  save(what: Keepsake): void;
  open(files: File[]): void;
}

export class SaveMenu {
  private readonly button = byId("save");
  private readonly menu = byId("save-menu");

  constructor(private readonly events: SaveMenuEvents) {
    for (const what of KEEPSAKES) byId(`save-${what}`).addEventListener("click", () => this.choose(what));
    this.menu.addEventListener("beforetoggle", (event) => {
      const opens = (event as ToggleEvent).newState === "open";
      this.button.setAttribute("aria-expanded", String(opens));
      if (opens) this.place();
    });
    this.listenToInput();
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private choose(what: Keepsake): void {
    this.menu.hidePopover();
    this.events.save(what);
  }

  /** Right edges in line, also where the page has wide margins; at the top once the header is scrolled away. */
  private place(): void {
    const { right, bottom } = this.button.getBoundingClientRect();
    const { clientWidth } = document.documentElement;
    const fromRight = Math.min(clientWidth - right, clientWidth - this.width() - EDGE);
    this.menu.style.right = `${Math.max(EDGE, fromRight)}px`;
    this.menu.style.top = `${Math.max(EDGE, bottom + GAP)}px`;
  }

  /** As styled: it has no box before it is open. */
  private width(): number {
    return parseFloat(getComputedStyle(this.menu).width) || 0;
  }

  private listenToInput(): void {
    const input = byId<HTMLInputElement>("open-file");
    byId("open").addEventListener("click", () => {
      this.menu.hidePopover();
      input.click();
    });
    input.addEventListener("change", () => {
      this.events.open([...(input.files ?? [])]);
      input.value = ""; // the same file can be chosen again
    });
  }

  private key(event: KeyboardEvent): void {
    if (isTyping(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const open = this.menu.matches(":popover-open");
    const what = open ? KEEPSAKES[Number(event.key) - 1] : undefined;
    if (what) this.choose(what);
    if (event.key.toLowerCase() === "s" && !open) this.menu.showPopover();
  }
}
