"""How values look on pages, and what a chart's numbers are."""

import pytest
from markupsafe import Markup

from services.dashboard.charts import Chart
from services.dashboard.live import AGAIN, Hub
from services.dashboard.site import (
    NONE,
    cell,
    coded,
    elapsed,
    excerpt,
    interval,
    number,
    percent,
    sparkline,
    time,
)


def test_values_look_the_same_everywhere() -> None:
    assert number(1234567) == "1\u202f234\u202f567"
    assert number(None) == percent(None) == cell(None) == NONE
    assert percent(0.9312) == "93.1 %"
    assert interval({"low": 0.5, "high": 0.75}) == "50.0 – 75.0 %"
    assert interval({"low": None, "high": 0.75}) == ""
    assert cell(0.5) == "0.5"


def test_a_time_is_one_that_the_page_can_turn() -> None:
    shown = time("2026-01-01T09:02:00+00:00")

    assert isinstance(shown, Markup)
    assert 'datetime="2026-01-01T09:02:00+00:00"' in shown
    assert time(None) == NONE


def test_time_goes_by_in_words() -> None:
    assert [elapsed(seconds) for seconds in (-3, 59.9, 61, 7260)] == ["0 s", "59 s", "1 min 1 s", "2 h 1 min"]


def test_no_text_becomes_a_tag() -> None:
    assert coded("run `<b>` & <i>") == Markup("run <code>&lt;b&gt;</code> &amp; &lt;i&gt;")
    assert excerpt("a\n  b" + "x" * 500).startswith("a bx")
    assert len(excerpt("x" * 500)) == 160


def test_a_line_has_a_point_for_each_value_and_none_for_one() -> None:
    points = [{"labels": 20, "value": 0.5}, {"labels": 40, "value": 0.75}, {"labels": 60, "value": 0.75}]

    assert len(sparkline(points).split()) == 3
    assert sparkline(points[:1]) == ""


@pytest.mark.parametrize("label", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "\t=1"])
def test_a_label_is_no_formula_in_csv(label: str) -> None:
    chart = Chart("labels", "Labels", "bars", ("label", "texts"), [(label, 3), ('"quoted", ham', 2)])

    first, second = chart.csv.splitlines()[1:]
    assert first.strip('"').startswith("'")
    assert second == '"""quoted"", ham",2'


async def test_an_open_page_is_told_what_changed_in_the_meantime_at_once() -> None:
    hub = Hub()
    with hub.page() as page:
        assert page is not None
        stream = hub.stream(page)

        assert await anext(stream) == AGAIN
        hub.tell(["mail"])
        hub.tell(["news", "mail"])
        assert await anext(stream) == 'event: changed\ndata: ["mail", "news"]\n\n'
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
