"""The measured part of a model card, in Markdown, from an evaluation's JSON."""

from sampling import SAMPLERS, VARIANCES

BEGIN, END = "<!-- measured: begin ({}) -->", "<!-- measured: end -->"


def table(head, rows):
    """Markdown; head and rows are lists of cells."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def bound_rows(bound):
    for name in VARIANCES:
        row, terms = bound[name], list(bound[name]["terms"].values())[1:]
        above = f"{row['above_learned']:+.3f} ± {row['above_learned_standard_error']:.3f}" if name != "learned" else ""
        yield [name, f"{row['bits_per_dim']:.3f} ± {row['standard_error']:.3f}", above,
               *(f"{term:.3f}" for term in terms)]


def other_images_lines(bound):
    """Of a small test set, all of whose images the early terms see."""
    found = bound.get("other_images")
    if found:
        yield f"± is for these test images, all of which the terms to t = {found['last_t']} see; for as many others"
        yield f"those terms would differ by ± {found['standard_error']:.3f}."


def bound_lines(bound):
    return [
        "Variational bound on the test images, in bits/dim (discrete, true class, guidance 1, no clipping, all",
        f"1,000 terms; {bound['model_calls']:,} model calls in float32; ± one standard error), lower is better:",
        "",
        *table(["variance", "bound", "above learned", *list(bound["learned"]["terms"])[1:]], bound_rows(bound)),
        "",
        "All three rows share weights, images and noise. At t = 1 both fixed variances are beta_tilde of t = 2,",
        "as in improved DDPM: fixed-small's own is 0, and fixed-large's own, beta, gives a worse bound.",
        f"KL of the prior: {bound['learned']['terms']['prior']:.1e}.",
        *other_images_lines(bound),
    ]


def reading_lines(result):
    rows = ([SAMPLERS[row["sampler"]].title, str(row["nfe"]), f"{row['guidance']}", row["variance"],
             f"{row['share_read_right']:.2%} ± {row['standard_error']:.2%}", f"{min(row['by_class']):.1%}"]
            for row in result["readings"])
    return [
        f"Share of {result['readings'][0]['samples']:,} class-conditional samples (x0_hat clipped, network in"
        f" {result['precision']}) that a separately",
        f"trained classifier ({result['classifier_accuracy']:.2%} right on the test images) reads as their class:",
        "",
        *table(["sampler", "calls", "guidance", "variance", "read right", "worst class"], rows),
    ]


def quality_rows(quality):
    """A row a sampler: the Fréchet distance at each budget of model calls."""
    for name, sampler in SAMPLERS.items():
        rows = [row for row in quality["rows"] if row["sampler"] == name]
        if rows:
            yield [sampler.title, *(f"{row['frechet']:.2f} ± {row['standard_error']:.2f}" for row in rows)]


def thousand_steps_lines(quality):
    if "thousand_ancestral_steps" in quality:
        row = quality["thousand_ancestral_steps"]
        yield f"1,000 ancestral steps: {row['frechet']:.2f} ± {row['standard_error']:.2f}."


def judge_of(result):
    """Whose features they are; readings, where there are any, have named it before."""
    if result.get("readings"):
        return "that classifier"
    return f"a separately trained classifier ({result['classifier_accuracy']:.2%} right on the test images)"


def quality_lines(result):
    quality = result["quality"]
    budgets = sorted({row["budget"] for row in quality["rows"]})
    floor = quality["floor"]
    return [
        f"Fréchet distance to the test images of {quality['images']:,} samples (guidance 1, x0_hat clipped), in the"
        f" features of {judge_of(result)},",
        f"at so many model calls a sample; {quality['images']:,} training images score {floor['frechet']:.2f}"
        f" ± {floor['standard_error']:.2f}:",
        "",
        *table(["sampler", *(str(budget) for budget in budgets)], quality_rows(quality)),
        "",
        "Heun calls twice a step, but for the last and those that fall too far: it stays a call below even budgets.",
        *thousand_steps_lines(quality),
    ]


def memorisation_lines(found):
    return [
        f"Of {found['samples']:,} samples {found['nearer_than_half_of_test']:.1%} are nearer to a training image than"
        " half of the held-out images are (50% if",
        f"samples were new images), and {found['nearer_than_95_percent_of_test']:.1%} nearer than 95% of them are (5%)."
        " Median root mean square distance to",
        f"the nearest training image: {found['median_distance']:.3f}, of held-out images"
        f" {found['median_distance_of_test']:.3f}.",
    ]


def card_block(result):
    sections = [[f"Weights: {result['bytes']:,} bytes, {result['parameters']:,} parameters, SHA-256"
                 f" `{result['sha256']}`."]]
    if "bound" in result:
        sections.append(bound_lines(result["bound"]))
    if result.get("readings"):
        sections.append(reading_lines(result))
    if "quality" in result:
        sections.append(quality_lines(result))
    if "memorisation" in result:
        sections.append(memorisation_lines(result["memorisation"]))
    sections.append([f"Measured with seed {result['seed']}."])
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def fill_between(path, by, block):
    """Replaces what stands between the two marks of program `by`; the rest of the file is written by hand."""
    begin = BEGIN.format(by)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, _, rest = text.partition(begin)
    _, end, tail = rest.partition(END)  # the first one after its beginning: a file may have several blocks
    if not end:
        raise SystemExit(f"{path} has no lines '{begin}' and '{END}': add them where the numbers go.")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{begin}\n{block}{END}{tail}")
