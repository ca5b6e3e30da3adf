// What is asked of a given image: the task, the way to do it and how much, in the core's words.
import { byId, element } from "../dom";
import type { EvidenceAmount, EvidenceTable, Given } from "../engine/protocol";
import { formatNumber } from "../state";
import { linearScale, logScale, Slider } from "./slider";

type Task = EvidenceTable["tasks"][number];

export class EvidenceChoice {
  private readonly ways = byId<HTMLSelectElement>("given-way");
  private readonly noisy = byId<HTMLInputElement>("given-noisy");
  private readonly amounts = new Map<string, { root: HTMLElement; slider: Slider; value: HTMLElement }>();
  private readonly usedWays = new Map<string, string>(); // of each task
  private chosen: Task;

  constructor(
    private readonly table: EvidenceTable,
    private readonly changed: () => void,
  ) {
    this.chosen = table.tasks[0]!;
    for (const task of table.tasks) {
      this.buildTask(task);
      if (task.amount) this.buildAmount(task.name, task.amount);
    }
    this.ways.addEventListener("change", () => {
      this.usedWays.set(this.task, this.ways.value);
      this.show();
      this.changed();
    });
    this.noisy.addEventListener("change", () => this.changed());
    this.show();
  }

  get task(): string {
    return this.chosen.name;
  }

  get way(): string {
    const first = this.table.ways.find(({ task }) => task === this.task)!.name;
    return this.usedWays.get(this.task) ?? first;
  }

  get amount(): number {
    return this.amounts.get(this.task)?.slider.value ?? 0;
  }

  /** Whether noise is to be added. */
  get addsNoise(): boolean {
    return this.task === "denoise" && !this.noisy.checked;
  }

  /** Whether the image has that noise already. */
  set isNoisy(noisy: boolean) {
    this.noisy.checked = noisy;
  }

  take({ way, amount, noiseSeed }: Given): void {
    const { task } = this.table.ways.find(({ name }) => name === way)!;
    this.chosen = this.table.tasks.find(({ name }) => name === task)!;
    this.usedWays.set(task, way);
    this.amounts.get(task)?.slider.set(amount);
    this.isNoisy = task === "denoise" && noiseSeed === null;
    this.show();
  }

  private buildTask(task: Task): void {
    const input = element("input", { type: "radio", name: "given-task", value: task.name });
    input.addEventListener("change", () => {
      this.chosen = task;
      this.show();
      this.changed();
    });
    byId("given-tasks").append(element("label", { class: "switch" }, input, task.label));
  }

  private buildAmount(task: string, row: EvidenceAmount): void {
    const value = element("output", { class: "value" });
    const format = (number: number) => formatNumber(number, 2);
    const slider = new Slider({
      ...row,
      scale: row.scale === "log" ? logScale(row.min, row.max) : linearScale(row.min, row.max),
      describedBy: `given-help-${task}`,
      format,
      preview: (number) => (value.textContent = format(number)),
      apply: () => this.changed(),
    });
    const head = element(
      "div",
      { class: "field-head" },
      element("span", { class: "label" }, row.label),
      value,
    );
    const help = element("p", { class: "help", id: `given-help-${task}` }, row.help);
    const root = element("div", { class: "field" }, head, slider.root, help);
    slider.set(row.default);
    byId("given-amounts").append(root);
    this.amounts.set(task, { root, slider, value });
  }

  private show(): void {
    for (const input of byId("given-tasks").querySelectorAll("input")) {
      input.checked = input.value === this.task;
    }
    byId("given-task-help").textContent = this.chosen.help;
    const ways = this.table.ways.filter(({ task }) => task === this.task);
    this.ways.replaceChildren(...ways.map(({ name, label }) => element("option", { value: name }, label)));
    this.ways.value = this.way;
    byId("given-way-help").textContent = ways.find(({ name }) => name === this.way)!.help;
    for (const [task, { root, slider, value }] of this.amounts) {
      root.hidden = task !== this.task;
      value.textContent = formatNumber(slider.value, 2);
    }
    byId("given-noisy-field").hidden = this.task !== "denoise";
  }
}
