"""The Python of README, of the package's own page, and of the pages of docs/ runs as it stands there."""

import re

import sagebell
from conftest import ROOT, compiled
from machine import BUNDLE
from sagebell import _binaries

PAGES = [ROOT / "README.md", ROOT / "python" / "README.md"]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def test_the_first_block_is_a_pipeline_that_compiles(tmp_path):
    """That of README also runs (`test_wheel.py`)."""
    names = {}
    exec(compile(blocks(PAGES[1], "python")[0], "README", "exec"), names)  # noqa: S102 it is this repository's own
    tasks = compiled(names["pipeline"], tmp_path)["root"]["dag"]["tasks"]
    assert tasks.keys() == {"sagemaker-training-job", "sagemaker-create-model", "sagemaker-deploy-model"}


def test_both_pages_begin_with_the_same_pipeline():
    first, second = (blocks(page, "python")[0] for page in PAGES)
    assert first.startswith(second)


def test_the_page_of_the_package_names_every_setting_and_every_builder():
    from sagebell import _settings

    text = PAGES[1].read_text()
    for name in _settings._NAMES:
        assert f"| `{name}` | `SAGEBELL_{name.upper()}` |" in text
    builders = {name for name in vars(sagebell) if not name.startswith("_") and builds(name)}
    assert len(builders) > 5 and all(f"{name}`" in text or f"{name}(" in text for name in builders)


def builds(name):
    module = getattr(vars(sagebell)[name], "__module__", "")
    return module in ("sagebell._data", "sagebell._training", "sagebell._tuning")


def test_the_settings_that_it_shows_are_settings():
    code, = (code for code in blocks(PAGES[1], "python") if "configure(" in code)
    exec(compile(code, "README", "exec"), {})  # noqa: S102 it is this repository's own
    from sagebell import _settings

    assert _settings.settings().retries == 2


def test_a_pipeline_that_moves_to_the_package_needs_only_imports(tmp_path):
    """The first pipeline of docs/move.md, with the functions in place of the components."""
    page = (ROOT / "docs" / "move.md").read_text()
    diff = re.findall(r"^```diff\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    kept = [line[1:] for line in diff.splitlines() if line.startswith(" ") and "load_component" not in line]
    imports = re.findall(r"`(from sagebell import [^`]*)`", page)
    names = {}
    exec("\n".join([*imports, *kept]), names)  # noqa: S102 it is this repository's own
    tasks = compiled(names["pipeline"], tmp_path)["root"]["dag"]["tasks"]
    assert len(imports) == 2 and len(tasks) == 4
    assert [name for name, task in tasks.items() if not task["cachingOptions"]] == ["sagemaker-deploy-model"]


def test_the_quick_start_runs_its_pipeline(monkeypatch, capsys):
    monkeypatch.setattr(_binaries, "_binary", lambda: str(BUNDLE))
    code, = blocks(ROOT / "docs" / "quick-start.md", "python")
    exec(compile(code, "quick-start", "exec"), {})  # noqa: S102 it is this repository's own
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith("s3://my-models/") and last.endswith("/model.tar.gz")


def test_the_pipelines_of_the_guide_compile(tmp_path):
    names = {}
    for code in blocks(ROOT / "docs" / "kfp.md", "python"):
        exec(compile(code, "guide", "exec"), names)  # noqa: S102 it is this repository's own
    decides = compiled(names["pipeline"], tmp_path)
    assert any("triggerPolicy" in task for task in decides["root"]["dag"]["tasks"].values())
    task, = compiled(names["each_time"], tmp_path)["root"]["dag"]["tasks"].values()
    assert not task["cachingOptions"]
