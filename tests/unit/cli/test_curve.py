"""How the learning curve is drawn."""

from pathlib import Path

from labelloop.cli.curve import draw_audits, draw_png, draw_text
from labelloop.loop.figures import Audited, Point
from tests.support.messages import names


def test_the_curve_is_drawn_in_characters_from_0_to_1() -> None:
    drawn = draw_text([Point("0", 20, 0.4, 0.3), Point("1", 40, 0.75, 0.7)], "questions")

    assert names(drawn, "questions")
    assert drawn.count("●") == 2
    assert "1.00┤" in drawn
    assert "0.00┤" in drawn
    assert "\x1b" not in drawn


def test_audits_are_drawn_with_their_intervals() -> None:
    found = [Audited("0", 20, 0.5, 0.2, 0.8, 8), Audited("1", 40, 0.75, 0.5, 0.9, 8)]

    drawn = draw_audits(found, "questions")

    assert names(drawn, "questions")
    assert (drawn.count("●"), drawn.count("▼")) == (2, 2)


def test_a_picture_has_any_name_as_its_title(tmp_path: Path) -> None:
    draw_png({None: [Point("0", 20, 0.4, 0.3)]}, r"$$ and $\frac{1}{$", tmp_path / "curve.png")

    assert (tmp_path / "curve.png").stat().st_size > 0


def test_of_several_labels_both_means_of_f1_are_drawn_beside_the_texts_that_are_right() -> None:
    drawn = draw_text([Point("0", 20, 0.2, 0.4, 0.6), Point("1", 40, 0.3, 0.7, 0.8)], "topics")

    assert "● micro-F1   ○ macro-F1   ▲" in drawn
    assert all(drawn.count(mark) == 2 + 1 for mark in "●○▲")
