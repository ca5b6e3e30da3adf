// Small helpers to make and find elements.

type Attributes = Record<string, string | number | boolean | undefined>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** The element of this id; a page without it is a mistake in index.html. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found as T;
}

/** Whether a key goes to a field, or to a dialog, and is none of the page's. */
export const isTyping = (event: Event) =>
  (event.target as HTMLElement).closest("input[type=number], select, dialog") !== null;

/** Math markup: "x_t" -> x with subscript t, "x̂_0", "σ^2"; letters in an italic serif. */
export const math = (text: string) => scripted(text, { class: "math" });

/** Words with such symbols among them. */
export const words = (text: string) => scripted(text, {});

function scripted(text: string, attributes: Attributes): HTMLElement {
  const made = element("span", attributes);
  for (const part of text.split(/([_^](?:\{[^}]*\}|.))/u)) {
    if (part === "") continue;
    const script = /^([_^])\{?([^}]*)\}?$/u.exec(part);
    made.append(script ? element(script[1] === "_" ? "sub" : "sup", {}, script[2]!) : part);
  }
  return made;
}
