// The settings as controls, built from the core's table: a new setting there needs nothing here.
import { byId, element } from "../dom";
import type { Setting, Value, Values } from "../engine/protocol";
import { formatNumber, type State } from "../state";
import { type ListedModel, ModelFactsView } from "./model-facts";
import { linearScale, logScale, powerScale, Slider, type Scale } from "./slider";

/** Which card each setting sits in. Settings that are not named go to the last. */
const CARDS: Record<string, string> = {
  steps: "controls-pace",
  speed: "controls-pace",
  model: "controls-model",
  class: "controls-model",
  guidance: "controls-model",
};
const LAST_CARD = "controls-sampling";
const CARD_ORDER = ["steps", "speed"]; // of the first card; the table's order elsewhere

interface Control {
  row: Setting;
  root: HTMLElement;
  show(value: Value): void;
}

export interface ControlEvents {
  preview(name: string, value: Value): void;
  apply(name: string, value: Value): void;
}

function scaleOf(row: Setting): Scale {
  const { min = 0, max = 1 } = row;
  if (row.name === "steps") return powerScale(min, max);
  return row.scale === "log" ? logScale(min, max) : linearScale(min, max);
}

function formatValue(row: Setting, value: number): string {
  if (row.type === "integer") return String(value);
  if (row.name === "speed") return `${Math.round(value)} steps/s`;
  const digits = Math.max(0, Math.ceil(-Math.log10(row.step ?? 1)));
  return formatNumber(value, Math.min(digits, 5));
}

/** Whether a row has anything to say under these values. */
const isInUse = (row: Setting, values: Values): boolean =>
  Object.entries(row.only_if ?? {}).every(([name, wanted]) => wanted.includes(String(values[name])));

export class ControlsView {
  private readonly modelFacts = new ModelFactsView();
  private readonly controls = new Map<string, Control>();

  constructor(
    table: Setting[],
    private models: ListedModel[],
    private readonly classes: string[], // of the default model, until one is open
    private readonly events: ControlEvents,
  ) {
    const rank = (row: Setting) => CARD_ORDER.indexOf(row.name) + 1 || CARD_ORDER.length + 1;
    for (const row of [...table].sort((a, b) => rank(a) - rank(b))) {
      const control = this.make(row);
      this.controls.set(row.name, control);
      byId(CARDS[row.name] ?? LAST_CARD).append(control.root);
    }
  }

  update(state: State): void {
    const classes = state.source?.run.model.classes ?? this.classes;
    this.showClasses(classes);
    for (const { row, root, show } of this.controls.values()) {
      const aboutClasses = row.name === "class" || row.name === "guidance";
      root.hidden = !isInUse(row, state.values) || (aboutClasses && classes.length === 0);
      show(state.values[row.name] ?? row.default);
    }
    this.modelFacts.show(this.models.find((model) => model.name === state.values.model));
  }

  /** Settings that a listed model was made for. */
  ownSettings(name: string): string {
    const model = this.models.find((listed) => listed.name === name);
    return (model && "own_settings" in model && model.own_settings) || "";
  }

  /** Whether the page can run it. */
  hasModel(name: string): boolean {
    return this.models.some((model) => model.name === name);
  }

  /** A model that came as a file; one of the same name gives way to it. */
  addModel(name: string, title: string): void {
    this.models = [...this.models.filter((model) => model.name !== name), { name, title }];
    const options = this.models.map((model) => element("option", { value: model.name }, model.title));
    byId<HTMLSelectElement>("setting-model").replaceChildren(...options);
  }

  private make(row: Setting): Control {
    switch (row.type) {
      case "choice":
      case "text":
        return this.makeSelect(row);
      case "switch":
        return this.makeSwitch(row);
      case "integer":
      case "real":
        return row.name === "seed" ? this.makeNumber(row) : this.makeSlider(row);
    }
  }

  private makeSlider(row: Setting): Control {
    const value = element("output", { class: "value" });
    const helpId = `help-${row.name}`;
    const slider = new Slider({
      label: row.label,
      min: row.min ?? 0,
      max: row.max ?? 1,
      step: row.step ?? 1,
      scale: scaleOf(row),
      describedBy: helpId,
      format: (number) => formatValue(row, number),
      preview: (number) => {
        value.textContent = formatValue(row, number);
        this.events.preview(row.name, number);
      },
      apply: (number) => this.events.apply(row.name, number),
    });
    const show = (to: Value) => {
      slider.set(Number(to));
      value.textContent = formatValue(row, slider.value);
    };
    return { row, root: this.field(row, helpId, value, slider.root), show };
  }

  private makeSelect(row: Setting): Control {
    const options =
      row.type === "text" ? this.models.map((m) => ({ value: m.name, label: m.title })) : (row.options ?? []);
    const select = element(
      "select",
      { id: `setting-${row.name}`, "aria-describedby": `help-${row.name}` },
      ...options.map((option) => element("option", { value: option.value }, option.label)),
    );
    select.addEventListener("change", () => this.events.apply(row.name, select.value));
    const show = (value: Value) => {
      select.value = String(value);
    };
    const root = this.field(row, `help-${row.name}`, undefined, select);
    if (row.name === "model") root.append(this.modelFacts.root);
    return { row, root, show };
  }

  private makeNumber(row: Setting): Control {
    const input = element("input", {
      id: `setting-${row.name}`,
      type: "number",
      inputmode: "numeric",
      min: row.min,
      max: row.max,
      step: 1,
      "aria-describedby": `help-${row.name}`,
    });
    let editing = false; // what is being typed is left alone
    input.addEventListener("input", () => (editing = true));
    input.addEventListener("blur", () => (editing = false));
    input.addEventListener("change", () => {
      editing = false;
      const value = Math.min(row.max ?? 0, Math.max(row.min ?? 0, Math.round(Number(input.value) || 0)));
      this.events.apply(row.name, value);
    });
    const show = (value: Value) => {
      if (!editing) input.value = String(value);
    };
    return { row, root: this.field(row, `help-${row.name}`, undefined, input), show };
  }

  private makeSwitch(row: Setting): Control {
    const input = element("input", {
      type: "checkbox",
      id: `setting-${row.name}`,
      "aria-describedby": `help-${row.name}`,
    });
    input.addEventListener("change", () => this.events.apply(row.name, input.checked ? 1 : 0));
    const help = element("p", { class: "help", id: `help-${row.name}` }, row.help);
    const label = element("label", { class: "switch" }, input, row.label);
    const show = (value: Value) => {
      input.checked = Number(value) === 1;
    };
    return { row, root: element("div", { class: "field" }, label, help), show };
  }

  private field(
    row: Setting,
    helpId: string,
    value: HTMLElement | undefined,
    control: HTMLElement,
  ): HTMLElement {
    const text =
      control.id === ""
        ? element("span", { class: "label" }, row.label)
        : element("label", { class: "label", for: control.id }, row.label);
    const head = element("div", { class: "field-head" }, text, ...(value ? [value] : []));
    return element(
      "div",
      { class: "field" },
      head,
      control,
      element("p", { class: "help", id: helpId }, row.help),
    );
  }

  /** The model's class names follow the table's "any" and "one of each". */
  private showClasses(classes: string[]): void {
    const control = this.controls.get("class");
    const select = control?.root.querySelector("select");
    if (!control || !select) return;
    const named = classes.map((name, i) => ({ value: String(i), label: name }));
    const options = [...(control.row.options ?? []), ...named];
    if (options.map(({ label }) => label).join() === [...select.options].map(({ label }) => label).join())
      return;
    select.replaceChildren(...options.map(({ value, label }) => element("option", { value }, label)));
  }
}
