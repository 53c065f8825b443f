"""The documentation and the code say the same."""

import re
from pathlib import Path
from typing import Any

import yaml

from local.demo import PUPILS
from local.sample_district.roster import generate
from shared.domain.roster.findings import MESSAGES
from shared.domain.run.faults import OURS
from shared.http.contract.problem_codes import CODES
from tools import write_events_page

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CODE = ("functions", "shared", "local", "tools", "benchmarks", "tests")
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's tags as what stands under them."""


def _construct(loader: _Template, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _construct)


def _template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Template)
    return loaded


def _section(text: str, title: str) -> str:
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def _first_column(text: str) -> set[str]:
    return {code for line in text.splitlines() if line.startswith("| `")
            for code in re.findall(r"`([^`]+)`", line.split("|")[1])}  # fmt: skip


def test_every_function_is_in_the_readme() -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}
    listed = {
        name.removeprefix("functions/") for name in _first_column(_section(README, "Functions"))
    }
    assert listed == folders
    handlers = {
        resource["Properties"]["Handler"].split(".")[1]
        for resource in _template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert handlers == folders


def test_every_folder_with_code_is_in_the_readme() -> None:
    """A row for each folder that holds code; the folder of a function is in the other table."""
    files = [path.relative_to(ROOT) for top in CODE for path in (ROOT / top).rglob("*.py")]
    with_code = {path.parent.as_posix() for path in files if path.name != "__init__.py"}
    hidden = {name for name in with_code if name.startswith(("functions/", "tests/"))}
    rows = re.findall(r"^\| \[([^]]+)\]\(([^)]+)\)", _section(README, "Folders"), re.MULTILINE)
    assert all(name == link for name, link in rows)
    listed = {name for name, _ in rows}
    assert (with_code - hidden) - listed == set()
    assert all((ROOT / name).is_dir() for name in listed)


def test_every_environment_variable_is_explained() -> None:
    template = _template()
    names = set(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            names |= set(resource["Properties"].get("Environment", {}).get("Variables", {}))
    ours = {name for name in names if not name.startswith(("POWERTOOLS_", "OAUTHLIB_"))}
    assert _first_column(_section(OPERATIONS, "Environment variables")) == ours


def test_every_parameter_is_explained_with_its_default() -> None:
    section = _section(OPERATIONS, "Parameters")
    said: dict[str, str] = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            _, names, defaults, _ = line.split("|", 3)
            values = [each.strip(" `") for each in defaults.split(",")]
            said |= dict(zip(re.findall(r"`(\w+)`", names), values, strict=True))
    parameters = _template()["Parameters"]
    assert said == {name: str(each["Default"]) or "none" for name, each in parameters.items()}


def test_every_error_code_is_explained() -> None:
    section = _section(OPERATIONS, "Error codes")
    assert _first_column(section) == CODES.keys()
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning} |" in section


def test_every_code_of_the_error_report_is_explained() -> None:
    section = _section(OPERATIONS, "Codes of the error report")
    for code, (meaning, remedy) in MESSAGES.items():
        assert f"| `{code}` | {meaning} | {remedy} |" in section
    assert _first_column(section) == MESSAGES.keys()


def test_every_reason_for_a_failed_run_is_explained() -> None:
    found = set()
    for path in ROOT.glob("shared/**/*.py"):
        for match in re.finditer(r"Reason\(\s*code=\"(\w+)\"", path.read_text()):
            found.add(match[1])
    found |= {"login_name_taken", "changes_unapplied", "overtaken"}
    assert found >= OURS
    assert len(found) > 15
    assert _first_column(_section(OPERATIONS, "When a run fails")) == found


def test_the_page_of_the_events_is_current() -> None:
    assert write_events_page.PAGE.read_text() == write_events_page.page()


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#h][^)#]*)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_code_map_leads_from_each_behaviour_to_a_file() -> None:
    page = ROOT / "docs" / "code-map.md"
    rows = re.findall(r"^\| (.+) \| `(\S+)` \|$", page.read_text(), re.MULTILINE)
    assert f"each of\n{len(rows)} behaviours" in README
    assert len({behaviour for behaviour, _ in rows}) == len(rows)
    for _, name in rows:
        assert (ROOT / name).is_file()


def test_files_that_pages_name_are_there() -> None:
    """A path in backticks is the whole path of a file or folder of the project."""
    found = 0
    for page in PAGES:
        for name in re.findall(r"`([\w./-]+/[\w.-]*)`", page.read_text()):
            if name.split("/")[0] in CODE or name.endswith(".py"):
                found += 1
                assert (ROOT / name).exists(), f"{page.name} names {name}"
    assert found > 50


def test_the_readme_shows_the_district_of_the_demo() -> None:
    counts = generate(pupils=PUPILS).counts()
    for name, count in counts.items():
        assert re.search(rf"^  {name} +{count:,} +{count:,} +0 +0 +0  ✓$", README, re.MULTILINE)
    assert README.count(f"{sum(counts.values()):,} records: the same records as over REST") == 2
