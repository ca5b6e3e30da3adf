// Wires the state, the engine and the views: an event changes the state, render() shows it.
import { byId } from "./dom";
import { Engine, type FrameSource } from "./engine/client";
import type { CurveKind, Keepsake, Run, Value, Values, Want } from "./engine/protocol";
import { Field } from "./engine/protocol";
import { download, startFiles } from "./files";
import { Player } from "./player";
import { loadRecording, type RecordingIndex } from "./recording";
import { defaults, frame, settingsString, settingsValues, shownStep, stepTitle, type State } from "./state";
import { missingFeature, prefersStillness, usableThreads } from "./support";
import { startTheme } from "./theme";
import { ControlsView } from "./views/controls";
import { equationFields, EquationView } from "./views/equation";
import { GridView } from "./views/grid";
import { BadgeView, type MessagesView } from "./views/messages";
import { PixelView } from "./views/pixel";
import { SaidView } from "./views/said";
import { ScheduleChart } from "./views/schedule-chart";
import { StripView } from "./views/strip";
import { TransportView } from "./views/transport";

const CURVE_POINTS = 201;

export class App {
  private readonly state: State;
  private readonly engine: Engine;
  private readonly player: Player;
  private readonly equation = new EquationView((row, column) => this.inspect(row, column));
  private readonly strip = new StripView((position) => this.seek(position));
  private readonly grid = new GridView((sample) => this.select(sample));
  private readonly chart = new ScheduleChart();
  private readonly pixel = new PixelView();
  private readonly said = new SaidView();
  private readonly badge = new BadgeView();
  private readonly transport: TransportView;
  private readonly controls: ControlsView;

  private threads = 0; // 0: the engine is not ready
  private loadedModel = "";
  private failure: string | undefined; // why nothing runs
  private text = location.hash.slice(1); // the settings string as it was asked for
  private applications = 0; // the newest apply() wins
  private incoming: FrameSource | undefined; // the live run that takes over from the recording
  private renderQueued = false;

  constructor(
    private readonly index: RecordingIndex,
    private readonly messages: MessagesView,
  ) {
    this.state = {
      table: index.table,
      values: this.hashValues(),
      source: undefined,
      recording: false,
      position: 0,
      sample: 0,
      row: Math.floor(index.run.model.height / 2) - 2,
      column: Math.floor(index.run.model.width / 2) + 1,
      playing: false,
      schedules: index.schedules,
      curve: "alpha_bar",
    };
    this.engine = new Engine({
      progress: (what, loaded, total) => {
        this.badge.progress(what, loaded, total);
        this.render();
      },
      ready: (threads) => this.ready(threads),
      failed: (message) => this.failed(message),
      frames: () => this.framesCame(),
    });
    this.player = new Player({
      advance: () => this.advance(),
      interval: () => 1000 / Number(this.state.values.speed ?? 10),
    });
    this.transport = new TransportView({
      toggle: () => this.toggle(),
      step: () => this.pauseAt(this.state.position + 1),
      back: () => this.pauseAt(this.state.position - 1),
      restart: () => this.seek(0),
      seek: (position) => this.seek(position),
    });
    this.controls = new ControlsView(index.table, index.models, index.run.model.classes, {
      preview: (name, value) => this.preview(name, value),
      apply: (name, value) => void this.apply({ ...this.state.values, [name]: value }),
    });
  }

  start(): void {
    startTheme(() => this.render());
    this.listen();
    const missing = missingFeature();
    if (missing) {
      this.failure = missing;
      this.messages.showError(missing);
    } else {
      this.load();
    }
    if (this.isRecorded(this.state.values)) void this.playRecording();
    this.render();
  }

  private listen(): void {
    window.addEventListener("hashchange", () => void this.apply(this.hashValues(), location.hash.slice(1)));
    window.addEventListener("resize", () => this.render());
    const curve = byId<HTMLSelectElement>("curve");
    curve.addEventListener("change", () => {
      this.state.curve = curve.value as CurveKind;
      this.render();
    });
    byId("share").addEventListener("click", () => void this.share());
    startFiles({ save: (what) => void this.save(what), open: (file) => void this.open(file) });
    const help = byId<HTMLDialogElement>("help");
    byId("help-button").addEventListener("click", () => help.showModal());
    document.addEventListener("keydown", (event) => {
      const typing = (event.target as HTMLElement).closest("input[type=number], select, dialog") !== null;
      if (event.key === "?" && !typing) help.showModal();
    });
    byId("pixel").addEventListener("keydown", (event) => this.movePixel(event));
  }

  // --- The engine ---

  private load(): void {
    this.failure = undefined;
    this.messages.clearError();
    this.loadedModel = String(this.state.values.model);
    this.engine.load(this.loadedModel, usableThreads());
  }

  private ready(threads: number): void {
    this.threads = threads;
    void this.apply(this.state.values, this.text);
    void this.refreshSchedules();
  }

  private failed(message: string): void {
    this.failure = message;
    this.messages.showError(message, () => this.load());
    this.render();
  }

  /** Settings to the core; its answer is what holds. */
  private async apply(values: Values, text = settingsString(this.state.table, values)): Promise<void> {
    const turn = ++this.applications;
    const before = settingsString(this.state.table, this.state.values);
    this.state.values = values;
    this.text = text;
    const otherModel = values.model !== this.loadedModel && !missingFeature();
    if (this.threads === 0 || otherModel) {
      if (this.state.recording && !this.isRecorded(values)) this.dropRecording();
      this.writeHash(text);
      this.threads = 0;
      if (otherModel) this.load();
      this.render();
      return;
    }
    const { applied, source } = await this.engine.apply(text);
    if (turn !== this.applications) return;
    this.state.values = applied.values;
    this.writeHash(applied.settings);
    this.messages.showNotes(applied.notes);
    this.take(source);
    if (before !== applied.settings) void this.refreshSchedules();
    this.render();
  }

  /** Shows a run: at once, or where a recording plays, as soon as the same step is there. */
  private take(source: FrameSource): void {
    if (source === this.state.source || source === this.incoming) return;
    if (this.state.recording && this.isRecorded(this.state.values)) {
      this.incoming = source;
      this.framesCame();
      return;
    }
    const goOn = this.state.playing || this.atEnd() || !this.state.source;
    this.dropRecording();
    this.state.source = source;
    this.state.sample = Math.min(this.state.sample, source.run.images - 1);
    this.state.position = 0;
    this.setPlaying(goOn && !prefersStillness());
  }

  private framesCame(): void {
    const { incoming, state } = this;
    if (incoming) {
      const step = shownStep(state);
      if (equationFields(incoming.run, step).every((field) => incoming.get(step, 0, field))) {
        state.source = incoming;
        state.recording = false;
        this.incoming = undefined;
      } else {
        incoming.want(this.equationWants(incoming.run, step));
      }
    }
    this.render();
  }

  private async playRecording(): Promise<void> {
    const recording = await loadRecording(this.index).catch(() => undefined); // the live run comes anyway
    if (!recording || this.state.source || !this.isRecorded(this.state.values)) return;
    this.state.source = recording;
    this.state.recording = true;
    this.setPlaying(!prefersStillness());
    this.render();
  }

  private dropRecording(): void {
    this.incoming = undefined;
    if (!this.state.recording) return;
    this.state.recording = false;
    this.state.source = undefined;
    this.state.position = 0;
  }

  private isRecorded(values: Values): boolean {
    return settingsString(this.state.table, { ...values, speed: defaults(this.state.table).speed! }) === "";
  }

  // --- Settings ---

  private hashValues(): Values {
    return settingsValues(this.index.table, location.hash.slice(1));
  }

  private writeHash(settings: string): void {
    const url = settings === "" ? location.pathname + location.search : `#${settings}`;
    history.replaceState(null, "", url);
  }

  private preview(name: string, value: Value): void {
    if (name === "speed") this.state.values = { ...this.state.values, speed: value };
    else void this.refreshSchedules({ ...this.state.values, [name]: value });
  }

  private schedulesAsked = 0;
  private async refreshSchedules(values = this.state.values): Promise<void> {
    if (this.threads === 0) return;
    const turn = ++this.schedulesAsked;
    const schedules = await this.engine.schedules(settingsString(this.state.table, values), CURVE_POINTS);
    if (turn !== this.schedulesAsked) return;
    this.state.schedules = schedules;
    this.chart.update(this.state);
  }

  private async share(): Promise<void> {
    const button = byId("share");
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy the address";
    }
    setTimeout(() => (button.textContent = "Share"), 1500);
  }

  // --- Files ---

  private async save(what: Keepsake): Promise<void> {
    try {
      const bytes = await this.engine.save(what, this.state.position, this.state.sample);
      download(`undiffuse-${what}.png`, bytes);
    } catch (error) {
      this.messages.showNotes([String((error as Error).message)]);
    }
  }

  private async open(file: File): Promise<void> {
    if (this.threads === 0) {
      this.messages.showNotes([`The network is still loading: open ${file.name} once it runs.`]);
      return;
    }
    try {
      const opened = await this.engine.open(file.name, new Uint8Array(await file.arrayBuffer()));
      if (opened.settings !== undefined) {
        await this.apply(settingsValues(this.index.table, opened.settings), opened.settings);
      } else if (opened.model !== undefined) {
        this.loadedModel = opened.model;
        this.controls.addModel(opened.model, file.name);
        await this.apply({ ...this.state.values, model: opened.model });
      }
    } catch (error) {
      this.messages.showNotes([`${file.name}: ${String((error as Error).message)}`]);
    }
  }

  // --- Moving through the run ---

  private toggle(): void {
    if (!this.state.playing && this.atEnd()) this.state.position = 0;
    this.setPlaying(!this.state.playing);
    this.render();
  }

  private setPlaying(playing: boolean): void {
    this.state.playing = playing;
    if (playing) this.player.play();
    else this.player.pause();
  }

  private advance(): boolean {
    const { state } = this;
    const run = state.source?.run;
    if (!run) return false;
    if (this.atEnd()) {
      this.setPlaying(false);
    } else {
      const step = Math.min(state.position + 1, run.steps - 1);
      if (!equationFields(run, step).every((field) => frame(state, field, step))) return false;
      state.position += 1;
    }
    this.render();
    return true;
  }

  private atEnd(): boolean {
    return this.state.source !== undefined && this.state.position >= this.state.source.run.steps;
  }

  private pauseAt(position: number): void {
    this.setPlaying(false);
    this.toAnnounce = true;
    this.seek(position);
  }

  private seek(position: number): void {
    const steps = this.state.source?.run.steps ?? 0;
    this.state.position = Math.min(steps, Math.max(0, position));
    this.render();
  }

  private select(sample: number): void {
    this.state.sample = sample;
    this.render();
  }

  private inspect(row: number, column: number): void {
    if (row === this.state.row && column === this.state.column) return;
    Object.assign(this.state, { row, column });
    this.render();
  }

  private movePixel(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    const model = this.state.source?.run.model;
    if (!move || !model || event.target !== event.currentTarget) return;
    event.preventDefault();
    event.stopPropagation();
    const inside = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
    this.inspect(
      inside(this.state.row + move[0], model.height),
      inside(this.state.column + move[1], model.width),
    );
  }

  /** For screen readers, on steps that a person takes; playing would chatter. */
  private toAnnounce = false;
  private announce(): void {
    const { source } = this.state;
    const values = frame(this.state, Field.XPrev);
    if (!this.toAnnounce || !source || !values) return; // said once its images are there
    this.toAnnounce = false;
    const brightness =
      values.reduce((sum, value) => sum + Math.min(1, Math.max(-1, value)), 0) / values.length;
    const percent = Math.round(50 * (brightness + 1));
    byId("live").textContent =
      `${stepTitle(source, this.state.position)}, mean brightness ${percent} percent`;
  }

  // --- Showing ---

  /** For `./dev bench web`. */
  private markFirsts(): void {
    if (!frame(this.state, Field.XPrev)) return;
    for (const mark of this.state.recording ? ["first-picture"] : ["first-picture", "first-live-step"]) {
      if (performance.getEntriesByName(mark).length === 0) performance.mark(mark);
    }
  }

  private equationWants(run: Run, step: number): Want[] {
    return [{ step, sample: this.state.sample, fields: equationFields(run, step) }];
  }

  private wants(): Want[] {
    const run = this.state.source?.run;
    if (!run) return [];
    const step = shownStep(this.state);
    const ahead = this.state.playing ? this.equationWants(run, Math.min(step + 1, run.steps - 1)) : [];
    return [
      ...this.equationWants(run, step),
      ...this.grid.wants(this.state),
      ...ahead,
      ...this.strip.wants(this.state),
    ];
  }

  private render(): void {
    if (this.renderQueued) return;
    this.renderQueued = true;
    requestAnimationFrame(() => {
      this.renderQueued = false;
      this.show();
    });
  }

  private show(): void {
    const { state } = this;
    for (const view of [
      this.transport,
      this.controls,
      this.equation,
      this.grid,
      this.strip,
      this.chart,
      this.pixel,
      this.said,
    ]) {
      view.update(state);
    }
    this.markFirsts();
    this.announce();
    state.source?.want(this.wants());
    if (this.failure) {
      this.badge.failed(state.recording);
    } else if (this.threads > 0 && !state.recording) {
      this.badge.running(this.threads, this.engine.milliseconds);
    } else {
      this.badge.loading(state.recording);
    }
    document.documentElement.dataset.source = state.recording ? "recording" : state.source ? "live" : "none";
  }
}
