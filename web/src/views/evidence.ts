// Beside the step's equation: what the run knows of the image, and the way back.
import { byId } from "../dom";
import { grey } from "../draw/colormap";
import { drawImage, IMAGE_RANGE } from "../draw/image";
import type { EvidenceTable, RunEvidence } from "../engine/protocol";
import { formatNumber, type State } from "../state";

export class EvidenceView {
  private readonly root = byId("evidence");
  private readonly canvas = byId<HTMLCanvasElement>("evidence-canvas");
  private readonly text = byId("evidence-text");
  private readonly note = byId("evidence-note");
  private shown: RunEvidence | null = null;

  constructor(
    private readonly table: EvidenceTable,
    forget: () => void,
  ) {
    byId("evidence-none").addEventListener("click", forget);
  }

  update(state: State): void {
    const run = state.source?.run;
    const evidence = run?.evidence ?? null;
    this.root.hidden = evidence === null;
    if (!run || !evidence || evidence === this.shown) return;
    this.shown = evidence;
    drawImage(this.canvas, Float32Array.from(evidence.shown), run.model, grey, IMAGE_RANGE);
    this.text.textContent = this.sentence(evidence);
    this.note.textContent = evidence.note;
  }

  private sentence({ way, amount }: RunEvidence): string {
    const { label, task } = this.table.ways.find(({ name }) => name === way)!;
    const { label: what, amount: taken } = this.table.tasks.find(({ name }) => name === task)!;
    const much = taken ? `, ${taken.label.toLowerCase()} ${formatNumber(amount, 2)}` : "";
    return `${what}: ${label}${much}.`;
  }
}
