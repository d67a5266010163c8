"""The card of a model: a README.md as the Hub shows it. What people named is text in it, and nothing else."""

import json
from collections.abc import Iterator, Sequence
from decimal import ROUND_UP, Context
from html import escape

from labelloop.config.environment import own_version
from labelloop.errors import counted, one_line
from labelloop.learner.results import ONNX, ONNX_INT8, OnnxFile, OnnxResult
from labelloop.projects.push.facts import Facts, OneLabel

FILE, CURVE = "README.md", "curve.png"
MB = 1_000_000
PERCENT = 100
TASK = "text-classification"


def card(facts: Facts, place: str, onnx: OnnxResult | None, has_curve: bool, license: str | None) -> str:
    """The card. `place`: what one who uses the model calls it, such as user/name."""
    from huggingface_hub import ModelCard

    body = "\n\n".join(_parts(facts, place, onnx, has_curve))
    return str(ModelCard(f"---\n{_metadata(facts, license)}\n---\n\n{body}\n"))


def _metadata(facts: Facts, license: str | None) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    tested = facts.tested
    figures = (
        {}
        if tested is None
        else {"accuracy": tested.accuracy, "f1": tested.macro_f1, "f1 (micro)": tested.micro_f1}
    )
    name = one_line(facts.project)
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type="labelloop",
            dataset_name=f"test set of {name}",
            dataset_split="test",
            metric_type=metric.partition(" ")[0],
            metric_name={"f1": "macro-F1", "f1 (micro)": "micro-F1"}.get(metric, metric),
            metric_value=round(value, 4),
        )
        for metric, value in figures.items()
        if value is not None
    ]
    data = ModelCardData(
        base_model=facts.base_model,
        library_name="transformers" if facts.is_readable else "labelloop",
        license=license,
        pipeline_tag=TASK,
        tags=["labelloop", "active-learning", *(["multi-label"] if facts.several else [])],
        model_name=name if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()


def _parts(facts: Facts, place: str, onnx: OnnxResult | None, has_curve: bool) -> Iterator[str]:
    yield f"<h1>{_text(facts.project)}</h1>"
    yield _what_it_is(facts)
    yield "## How to use it"
    yield _use(facts, place)
    yield "## The labels it learned"
    yield _label_table(facts)
    if facts.without_label:
        yield f"{facts.without_label:,} of the {facts.texts:,} texts that it learned have none of the labels."
    yield "## How good it is"
    yield from _figures(facts)
    if facts.points or facts.audits:
        yield "## The learning curve"
        if has_curve:
            yield f"![The learning curve]({CURVE})"
        yield from _curves(facts)
    if onnx is not None:
        yield "## ONNX"
        yield from _onnx(facts, onnx)
    yield "## How it was made"
    yield _how_made(facts)


def _what_it_is(facts: Facts) -> str:
    of_one = "each of which may have several labels or none" if facts.several else "one label each"
    return (
        f"A classifier of texts, {of_one}, trained with labelloop on {facts.texts:,} texts that people "
        f"labelled, of a pool of {facts.pool:,}. They were picked batch by batch with the query strategy "
        "below, so they need not be a random sample of the pool. For other kinds of texts nobody has "
        "measured how good it is."
    )


def _use(facts: Facts, place: str) -> str:
    if not facts.is_readable:
        return (
            f"The classifier {_text(facts.classifier.name)} saves a folder that `transformers.pipeline` does "
            "not read. Its owner labels texts with it by `labelloop predict`."
        )
    called = json.dumps(place, ensure_ascii=False)
    lines = ["```python", "from transformers import pipeline", ""]
    if facts.several:
        lines += [
            "import json",
            "from pathlib import Path",
            "from huggingface_hub import snapshot_download",
            "",
            f"folder = Path({called})",
            "if not folder.is_dir():",
            f"    folder = Path(snapshot_download({called}))",
            'thresholds = json.loads((folder / "thresholds.json").read_text())',
            'classify = pipeline("text-classification", model=str(folder), top_k=None)',
            'for found in classify(["a text", "another"], truncation=True):',
            '    print([each["label"] for each in found if each["score"] >= thresholds[each["label"]]])',
        ]
    else:
        lines += [
            f'classify = pipeline("text-classification", model={called})',
            'print(classify(["a text", "another"], truncation=True))',
        ]
    lines.append("```")
    return "\n".join(lines)


def _label_table(facts: Facts) -> str:
    """In HTML: there a name holds no mark-up, whatever is in it."""
    tested = any(label.figures for label in facts.labels)
    others = any(label.now != label.name for label in facts.labels)
    heads = ["label", "learned texts"]
    heads += ["precision", "recall", "F1", "test texts"] if tested else []
    heads += ["called now"] if others else []
    rows = [_row(label, tested, others) for label in facts.labels]
    return _table(heads, rows)


def _row(label: OneLabel, tested: bool, others: bool) -> list[str]:
    cells = [label.name, f"{label.texts:,}"]
    if tested:
        figures = label.figures
        cells += (
            [
                *(f"{value:.3f}" for value in (figures.precision, figures.recall, figures.f1)),
                f"{figures.support:,}",
            ]
            if figures
            else ["–"] * 4
        )
    return [*cells, *([label.now or "no longer used"] if others else [])]


def _figures(facts: Facts) -> Iterator[str]:
    if (tested := facts.tested) is not None:
        right = "texts whose labels are all right" if facts.several else "accuracy"
        rows = [[right, f"{tested.accuracy:.3f}"], ["macro-F1", f"{tested.macro_f1:.3f}"]]
        if tested.micro_f1 is not None:
            rows.append(["micro-F1", f"{tested.micro_f1:.3f}"])
        yield _table([f"on {tested.size:,} test texts, which it never learned", ""], rows)
    if (audit := facts.audit) is not None:
        of_it = "" if audit.model == facts.model else f" of an earlier model ({audit.labels:,} labels)"
        whole = f"the whole pool of {audit.texts or facts.pool:,} texts"
        yield (
            f"Estimated accuracy{of_it} on {whole}: **{audit.accuracy:.3f}**, 95 % interval {audit.low:.3f} "
            f"… {audit.high:.3f}, from {audit.audited:,} texts that were drawn at random, "
            "and labelled by people."
        )
    if facts.tested is None and facts.audit is None:
        yield "It was measured neither on a test set nor by an audit: nobody knows how good it is."


def _curves(facts: Facts) -> Iterator[str]:
    for name, points in facts.points.items():
        several = any(point.micro_f1 is not None for point in points)
        heads = ["labels", "texts all right" if several else "accuracy", "macro-F1"]
        rows = [[f"{p.labels:,}", f"{p.accuracy:.3f}", f"{p.macro_f1:.3f}"] for p in points]
        if several:
            heads.append("micro-F1")
            rows = [[*row, f"{p.micro_f1 or 0:.3f}"] for row, p in zip(rows, points, strict=True)]
        yield f"On the test set{f' {name}' if name else ''}:"
        yield _table(heads, rows)
    if facts.audits:
        yield "On the pool, as audits estimate it:"
        rows = [
            [f"{a.labels:,}", f"{a.accuracy:.3f}", f"{a.low:.3f} … {a.high:.3f}", f"{a.audited:,}"]
            for a in facts.audits
        ]
        yield _table(["labels", "accuracy", "95 % interval", "audited texts"], rows)


def _onnx(facts: Facts, onnx: OnnxResult) -> Iterator[str]:
    how = "1 / (1 + exp(-logits))" if facts.several else "the softmax of the logits"
    yield (
        f"`{ONNX}` ({onnx.whole.size / MB:.1f} MB) takes `input_ids` and `attention_mask` and gives "
        f"`logits`; the probabilities are {how}. On {onnx.compared:,} texts of the pool it says the same "
        f"labels as the model, and no probability differs by more than {at_most(onnx.whole.furthest)}."
    )
    if onnx.int8 is not None:
        yield f"`{ONNX_INT8}` has weights of 8 bits: {of_int8(onnx, onnx.int8)}"


def at_most(value: float) -> str:
    """A number with one digit, rounded up: 5e-06 for 0.0000041."""
    return f"{float(Context(prec=1, rounding=ROUND_UP).create_decimal(value)):.0e}"


def of_int8(onnx: OnnxResult, int8: OnnxFile) -> str:
    """What the smaller file brings, and what it costs."""
    whole, share = onnx.whole, PERCENT * int8.same / onnx.compared
    accuracy = ""
    if whole.accuracy is not None and int8.accuracy is not None:
        test = f"{onnx.tested:,} test texts"
        accuracy = f", accuracy {int8.accuracy:.3f} instead of {whole.accuracy:.3f} on {test}"
    return (
        f"{int8.size / MB:.1f} MB instead of {whole.size / MB:.1f}, and {int8.texts_a_second:,.0f} texts a "
        f"second instead of {whole.texts_a_second:,.0f} on the machine that made it. It costs: "
        f"{int8.same:,} of {onnx.compared:,} texts keep their labels ({share:.1f} %), probabilities differ "
        f"by up to {int8.furthest:.3f}{accuracy}."
    )


def _how_made(facts: Facts) -> str:
    trained, spec = facts.trained, facts.classifier
    people = facts.agreement
    agreed = f"{people.people}"
    if people.shared:
        alpha = "" if people.alpha is None else f", Krippendorff's alpha {people.alpha:.3f}"
        agreed += f"; {people.shared:,} texts by two or more{alpha}"
    versions = ", ".join(f"{name} {version}" for name, version in trained.versions.items())
    rows = [
        ["model", facts.model],
        ["sha256 of its manifest.json", facts.sha256],
        ["base model", facts.base_model or "a folder of its owner's"],
        *([["revision of it", spec.revision]] if spec.revision and facts.base_model else []),
        ["classifier", spec.name],
        *([["its parameters", json.dumps(dict(spec.parameters), sort_keys=True)]] if spec.parameters else []),
        ["query strategy", facts.strategy],
        ["seed of the project", str(facts.project_seed)],
        ["seed of the training", str(facts.seed)],
        ["people who labelled", agreed],
        ["device", f"{trained.device}, {counted(trained.threads, 'thread')}"],
        ["versions", versions or "not recorded"],
        ["log when it was trained", str(facts.trained_from) if facts.trained_from else "not recorded"],
        ["log of this card", str(facts.log)],
        ["card written by", f"labelloop {own_version() or ''}".strip()],
    ]
    proof = (
        "The log is named by the number of its events and a digest of them. Its owner proves by "
        "`labelloop replay --verify --expect N:DIGEST` that nobody changed it since."
    )
    return f"{_table(['', ''], rows)}\n\n{proof}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "" if not any(heads) else f"<tr>{''.join(f'<th>{_text(each)}</th>' for each in heads)}</tr>\n"
    body = "\n".join(f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in row)}</tr>" for row in rows)
    return f"<table>\n{head}{body}\n</table>"


def _text(text: str) -> str:
    return escape(one_line(text))
