"""Each model to a folder as the Hugging Face Hub has it: the model's files and a card."""

import logging
import shutil
from pathlib import Path

import yaml

from labelloop import Consumer, Event, LoopState, ModelEvaluated, ModelTrained, Store, settings_of

logger = logging.getLogger(__name__)
CARD = "README.md"


class ModelPublisher(Consumer):
    """Writes `<folder>/<project>-<model>`, which `transformers.pipeline` loads and `hf upload` takes."""

    name = "model_publisher"
    events = (ModelTrained, ModelEvaluated)

    def __init__(self, store: Store, folder: str = "published") -> None:
        self._store = store
        self._folder = Path(folder)

    def handle(self, event: Event, state: LoopState) -> None:
        """Publish a model once, and write its card anew when it is measured."""
        said = event.payload
        assert isinstance(said, ModelTrained | ModelEvaluated)
        target = self._folder / f"{event.project}-{said.model}"
        if not target.exists():
            self._publish(state, said.model, target)
        elif isinstance(said, ModelEvaluated):
            _write(target / CARD, card(state, said.model))

    def _publish(self, state: LoopState, model: str, target: Path) -> None:
        source = self._store.find_model(state.models[model].latest)
        if source is None:  # Of old models the store keeps only the last few.
            logger.warning("model %s of %s is no more in the store", model, state.project_id)
            return
        draft = target.with_name(f".{target.name}")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft)
        _write(draft / CARD, card(state, model))
        draft.rename(target)


def card(state: LoopState, model: str) -> str:
    """The model card: metadata as the Hub reads them, then a page for people."""
    # Settings can change on the way: those of this model.
    project = settings_of(state, model)
    trained, evaluated = state.models[model].latest, state.evaluations.get(model)
    metadata: dict[str, object] = {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "base_model": project.model.name,
        "tags": ["active-learning", "labelloop", project.classifier.name, project.strategy.name],
    }
    lines = [
        f"# {project.name}, model {model}",
        f"Tells {', '.join(project.labels)}; learned from {trained.labels} labels.",
        "| | |\n|---|---|\n"
        f"| labels | {trained.labels} |\n"
        f"| classifier | {project.classifier.name} |\n"
        f"| query strategy | {project.strategy.name} |\n"
        f"| base model | {project.model.name} |\n"
        f"| trained in | {trained.seconds:.1f} s on {trained.device} |",
    ]
    if evaluated is not None:
        figures = {"accuracy": evaluated.accuracy, "f1": evaluated.macro_f1}
        metadata["model-index"] = [
            {
                "name": f"{project.name}-{model}",
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": f"{project.name}, test set", "type": project.name},
                        "metrics": [{"type": kind, "value": value} for kind, value in figures.items()],
                    }
                ],
            }
        ]
        lines.append(
            f"Accuracy {evaluated.accuracy:.3f}, macro-F1 {evaluated.macro_f1:.3f} on {evaluated.size} texts "
            "of the test set."
        )
    front = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
