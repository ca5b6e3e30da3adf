// Wires the state, the engine and the views: an event changes the state, render() shows it.
import { addressBackend, addressSettings, startShare, writeAddress, writeBackend } from "./address";
import { byId } from "./dom";
import { inImageRange } from "./draw/image";
import { Engine, type FrameSource } from "./engine/client";
import type { BackendChoice, BackendStatus } from "./engine/gpu/switch";
import { type CurveKind, Field, type Given, type Value, type Values, type Want } from "./engine/protocol";
import { Files } from "./files";
import { markFirsts } from "./marks";
import { Playback } from "./playback";
import { loadRecording, type RecordingIndex } from "./recording";
import {
  defaults,
  exchangeOwnSettings,
  frame,
  pixelWithin,
  settingsString,
  settingsValues,
  shownStep,
  type State,
} from "./state";
import { missingFeature, prefersStillness, usableThreads } from "./support";
import { startTheme } from "./theme";
import { Announcer } from "./views/announcer";
import { BackendView } from "./views/backend";
import { BoundView } from "./views/bound";
import { ControlsView } from "./views/controls";
import { equationFields, EquationView, equationWants } from "./views/equation";
import { EvidenceView } from "./views/evidence";
import { GivenView } from "./views/given";
import { GridView } from "./views/grid";
import { startHelp } from "./views/help";
import { BadgeView, type MessagesView } from "./views/messages";
import { NetworkView } from "./views/network";
import { PixelView } from "./views/pixel";
import { SaidView } from "./views/said";
import { ScheduleChart } from "./views/schedule-chart";
import { SaveMenu } from "./views/save-menu";
import { StripView } from "./views/strip";
import { TransportView } from "./views/transport";

const CURVE_POINTS = 201;

const unknownModel = ({ model }: Values) =>
  `This page has no model "${model}": open its .safetensors file first (Save, then Open, or drop it here).`;

export class App {
  private readonly state: State;
  private readonly engine: Engine;
  private readonly playback: Playback;
  private readonly equation = new EquationView((row, column) => this.inspect(row, column));
  private readonly network = new NetworkView(() => this.render());
  private readonly strip = new StripView((position) => this.playback.seek(position));
  private readonly grid = new GridView((sample) => this.look({ sample }));
  private readonly chart = new ScheduleChart();
  private readonly pixel = new PixelView(
    (rows, columns) => this.movePixel(rows, columns),
    (plane) => this.look({ plane }),
  );
  private readonly said = new SaidView();
  private readonly bound = new BoundView({
    seek: (position) => this.playback.seek(position),
    changed: () => this.render(),
  });
  private readonly announcer = new Announcer();
  private readonly badge = new BadgeView();
  private readonly backendView = new BackendView((choice) => this.chooseBackend(choice));
  private readonly evidence: EvidenceView;
  private readonly givenView: GivenView;
  private readonly transport: TransportView;
  private readonly controls: ControlsView;

  private threads = 0; // 0: the engine is not ready
  private backend = addressBackend();
  private backendStatus: BackendStatus = { note: "" };
  private loadedModel = "";
  private given: Given | null = null; // the run's evidence, now or as soon as the engine is ready
  private failure: string | undefined; // why nothing runs
  private text = addressSettings(); // the settings string as it was asked for
  private beforeOwn: Values = {}; // of a model's own settings: what they stand in for
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
      plane: 0,
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
      backend: (status) => {
        this.backendStatus = status;
        this.render();
      },
    });
    this.playback = new Playback(this.state, {
      changed: () => this.render(),
      stepped: () => this.announcer.expect(),
      ready: (step) => this.network.ready(this.state, step),
    });
    this.evidence = new EvidenceView(index.evidence, () => void this.give(null));
    this.givenView = new GivenView(index.evidence, {
      give: (given) => void this.give(given),
      fit: (pixels) => this.fit(pixels),
      current: () => this.currentImage(),
      seed: () => Number(this.state.values.seed),
    });
    this.transport = new TransportView({
      toggle: () => this.playback.toggle(),
      step: () => this.playback.step(1),
      back: () => this.playback.step(-1),
      restart: () => this.playback.seek(0),
      seek: (position) => this.playback.seek(position),
    });
    this.controls = new ControlsView(index.table, index.models, index.run.model.classes, {
      preview: (name, value) => this.preview(name, value),
      apply: (name, value) => void this.apply(this.changed(name, value)),
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

  /** In the greys of given images. */
  private currentImage(): Float32Array | undefined {
    const image = frame(this.state, this.playback.atEnd() ? Field.XPrev : Field.XT);
    return image && inImageRange(image, this.state.source!.run.model);
  }

  private listen(): void {
    window.addEventListener("hashchange", () => {
      if (addressBackend() !== this.backend) this.chooseBackend(addressBackend());
      void this.apply(this.hashValues(), addressSettings());
    });
    window.addEventListener("resize", () => this.render());
    const curve = byId<HTMLSelectElement>("curve");
    curve.addEventListener("change", () => this.look({ curve: curve.value as CurveKind }));
    startShare();
    this.startFiles();
    startHelp();
  }

  private startFiles(): void {
    const files = new Files(this.engine, {
      place: () => (this.threads > 0 ? this.state : undefined),
      settings: (text, given) => this.takeSettings(text, given),
      model: (name, file) => this.takeModel(name, file),
      say: (sentence) => this.messages.showNotes([sentence]),
      open: (name, bytes) => this.engine.open(name, bytes, usableThreads(this.backend), this.backend),
    });
    new SaveMenu({ save: (what) => void files.save(what), open: (chosen) => void files.open(chosen) });
  }

  // --- The engine ---

  private load(): void {
    this.failure = undefined;
    this.messages.clearError();
    this.loadedModel = String(this.state.values.model);
    if (!this.controls.hasModel(this.loadedModel)) {
      this.failure = unknownModel(this.state.values);
      this.messages.showError(this.failure); // trying again would not help
      return;
    }
    this.engine.load(this.loadedModel, usableThreads(this.backend), this.backend);
  }

  private ready(threads: number): void {
    this.threads = threads;
    if (this.given) void this.give(this.given); // this engine has not heard of it
    void this.apply(this.state.values, this.text);
    void this.refreshSchedules();
  }

  private failed(message: string): void {
    this.failure = message;
    this.messages.showError(message, () => this.load());
    this.render();
  }

  /** The same run from its start: another engine opens the model. */
  private chooseBackend(choice: BackendChoice): void {
    this.backend = choice;
    writeBackend(choice);
    this.threads = 0;
    this.load();
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
      writeAddress(text);
      this.threads = 0;
      if (otherModel) this.load();
      this.render();
      return;
    }
    const { applied, source } = await this.engine.apply(text);
    if (turn !== this.applications) return;
    this.state.values = applied.values;
    writeAddress(applied.settings);
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
    const goOn = this.state.playing || this.playback.atEnd() || !this.state.source;
    this.dropRecording();
    this.state.source = source;
    this.state.sample = Math.min(this.state.sample, source.run.images - 1);
    Object.assign(this.state, pixelWithin(source.run.model, this.state));
    this.state.position = 0;
    this.playback.play(goOn && !prefersStillness());
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
        incoming.want(equationWants(incoming.run, state.sample, step));
      }
    }
    this.render();
  }

  private async playRecording(): Promise<void> {
    const recording = await loadRecording(this.index).catch(() => undefined); // the live run comes anyway
    if (!recording || this.state.source || !this.isRecorded(this.state.values)) return;
    this.state.source = recording;
    this.state.recording = true;
    this.playback.play(!prefersStillness());
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
    if (this.given) return false;
    return settingsString(this.state.table, { ...values, speed: defaults(this.state.table).speed! }) === "";
  }

  // --- Evidence ---

  /** Another run, with this evidence or with none. */
  private async give(given: Given | null): Promise<void> {
    this.given = given;
    if (this.threads === 0) {
      this.dropRecording(); // it is no recording of this
      return this.render();
    }
    try {
      this.take(await this.engine.give(given));
    } catch (error) {
      this.given = null;
      this.messages.showNotes([error instanceof Error ? error.message : String(error)]);
    }
    this.render();
  }

  private fit(pixels: ImageData): Promise<Float32Array> {
    if (this.threads > 0) return this.engine.fit(pixels);
    return Promise.reject(new Error("The network is loading: load the image once it runs."));
  }

  // --- Settings ---

  private hashValues(): Values {
    return settingsValues(this.index.table, addressSettings());
  }

  private preview(name: string, value: Value): void {
    if (name === "speed") this.state.values = { ...this.state.values, speed: value };
    else void this.refreshSchedules({ ...this.state.values, [name]: value });
  }

  /** Another model brings the settings that it was made for, and those of the one before go. */
  private changed(name: string, value: Value): Values {
    const { table, values } = this.state;
    if (name !== "model") return { ...values, [name]: value };
    const own = (model: Value) => this.controls.ownSettings(String(model));
    const exchanged = exchangeOwnSettings(table, values, own(values.model!), own(value), this.beforeOwn);
    this.beforeOwn = exchanged.before;
    return { ...exchanged.values, model: value };
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

  // --- Files ---

  private async takeSettings(text: string, given: Given | null): Promise<void> {
    const values = settingsValues(this.index.table, text);
    if (!this.controls.hasModel(String(values.model))) throw new Error(unknownModel(values));
    const before = this.given;
    this.given = given;
    const ready = this.threads > 0 && values.model === this.loadedModel; // else ready() gives it
    if (ready && (given ?? before)) await this.give(given);
    const model = this.index.models.find(({ name }) => name === values.model);
    if (given && model) this.givenView.take(given, model);
    await this.apply(values, text);
  }

  private async takeModel(name: string, file: string): Promise<void> {
    this.failure = undefined;
    this.messages.clearError();
    this.controls.addModel(name, file);
    this.loadedModel = name;
    this.threads = usableThreads(this.backend);
    if (this.given) await this.give(this.given);
    await this.apply({ ...this.state.values, model: name });
    void this.refreshSchedules(); // its own, whatever the settings were
  }

  // --- What is looked at ---

  private look(at: Partial<Pick<State, "sample" | "row" | "column" | "plane" | "curve">>): void {
    Object.assign(this.state, at);
    this.render();
  }

  private inspect(row: number, column: number): void {
    if (row === this.state.row && column === this.state.column) return;
    this.look({ row, column });
  }

  private movePixel(rows: number, columns: number): void {
    const model = this.state.source?.run.model;
    if (!model) return;
    const { row, column, plane } = this.state;
    this.look(pixelWithin(model, { row: row + rows, column: column + columns, plane }));
  }

  // --- Showing ---

  private wants(): Want[] {
    const run = this.state.source?.run;
    if (!run) return [];
    const step = shownStep(this.state);
    const ahead = this.state.playing
      ? equationWants(run, this.state.sample, Math.min(step + 1, run.steps - 1))
      : [];
    return [
      ...equationWants(run, this.state.sample, step),
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
      this.evidence,
      this.givenView,
      this.network,
      this.grid,
      this.strip,
      this.chart,
      this.pixel,
      this.said,
      this.bound,
      this.announcer,
    ]) {
      view.update(state);
    }
    this.backendView.show(this.backend, this.backendStatus);
    markFirsts(state);
    state.source?.want(this.wants());
    state.source?.features?.want(this.network.wants(state));
    state.source?.bounds?.want(this.bound.wants(state));
    if (this.failure) {
      this.badge.failed(state.recording);
    } else if (this.threads > 0 && !state.recording) {
      this.badge.running(this.threads, this.backendStatus.adapter, this.engine.milliseconds);
    } else {
      this.badge.loading(state.recording);
    }
    document.documentElement.dataset.source = state.recording ? "recording" : state.source ? "live" : "none";
  }
}
