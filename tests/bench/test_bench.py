"""What can be wrong with a bench: its arithmetic, its table, and counts that grow with what they must not grow with."""

import json

import exits
import lives
import pytest
import quiet
import report
import step
import world


def test_a_poll_of_a_shorter_pause_is_scaled_and_its_own_work_is_not():
    every = world.POLL_SECONDS / exits.SCALE
    assert exits.scaled(every / 2, every) == world.POLL_SECONDS / 2
    assert exits.scaled(every + 0.25, every) == world.POLL_SECONDS + 0.25


def test_the_cpu_time_of_an_hour_is_that_of_its_polls():
    assert step.an_hour({"cpu_ms": 50, "describes": 10}, 20) == 5 * 120
    assert step.an_hour({"cpu_ms": 2, "describes": 0}, 20) == 2 * 180


def test_percentiles_and_ratios():
    assert world.percentiles(list(range(1, 102))) == (51, 100)
    assert world.beside(30, 2) == "30.0 (15.0×)"


def test_the_table_has_every_row_and_says_when_where_and_what():
    made = [world.table("One", ["a", "b"], [["c", 1]], ["a note"], {"c": 1})]
    found = {**report.start(), "tables": made}
    page = report.markdown({"one": found})
    assert "| a | b |\n| --- | --- |\n| c | 1 |\n\n- a note\n" in page
    assert all(found[name] in page for name in ("date", "commit", "machine", "load"))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.skipif(not report.FOLDER.exists(), reason="nothing was written yet")
def test_the_page_is_the_table_of_the_results():
    found = json.loads((report.FOLDER / "results.json").read_text())
    assert (report.FOLDER / "README.md").read_text() == report.markdown(found)


def test_every_section_is_there():
    assert all((world.ROOT / "tests" / "bench" / f"{name}.py").is_file() for name in report.NAMES)


def test_what_a_sweep_calls_does_not_grow_with_the_waits(tmp_path):
    found = quiet.in_dynamodb(tmp_path, (0, 10, 500))
    assert found[500] == found[10]
    assert found[10]["DynamoDB"] == found[0]["DynamoDB"]


def test_a_job_costs_few_calls_for_each_minute_that_it_runs(tmp_path):
    [section] = lives.run(tmp_path, smoke=True)
    short, longer = (section["figures"][minutes] for minutes in (1, 10))
    assert 0 < short["calls"]["DynamoDB"] <= longer["calls"]["DynamoDB"]
    assert longer["polls"] == 10 * short["polls"] == 20
