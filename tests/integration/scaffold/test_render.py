"""Rendering without Copier gives what Copier gives, byte for byte; the rest is left to Copier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.locate import find_source, plain_source
from rtstart.adapters.scaffold.plain import render_plain
from rtstart.adapters.scaffold.recipe import (
    Answers,
    Interview,
    Recipe,
    UnreadableRecipe,
    read_recipe,
)
from rtstart.adapters.scaffold.render import render, render_with_copier
from rtstart.adapters.scaffold.tree import EXECUTABLE, PLAIN, File, make_tree
from rtstart.core.questions import Value

pytestmark = pytest.mark.integration

_NAMES = ("myapp", "Mein schönes Projekt", "日本語", "a<b>&\"c'", "@scope/Thing_2", "x" * 60)
_HEAD = """\
_min_copier_version: "9.19"
_subdirectory: "templates/{= template =}"
_envops:
  variable_start_string: "{="
  variable_end_string: "=}"
  comment_start_string: "{##"
  comment_end_string: "##}"
  undefined: jinja2.StrictUndefined
"""
_QUESTIONS = """
project_name: {type: str, default: "{= _folder_name =}"}
template: {type: str, choices: [one, two], default: one}
tests: {type: bool, default: true}
"""
_ANSWERS_FILE = "{= _copier_conf.answers_file =}.jinja"

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An empty template with three questions."""
    folder = tmp_path / "source"
    (folder / "templates" / "one").mkdir(parents=True)
    (folder / "copier.yml").write_text(_HEAD + _QUESTIONS, encoding="utf-8")
    return folder


@pytest.fixture
def write(source: Path) -> Write:
    """Writes a file into the template `one`."""

    def write_file(relpath: str, content: str | bytes) -> Path:
        path = source / "templates" / "one" / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def _answers(recipe: Recipe, **given: Value) -> Answers:
    interview = Interview(recipe, folder_name="my app", data={"rtstart_commit": "v1"})
    for question in recipe.questions:
        value = given.get(question.name, interview.default(question))
        assert value is not None
        interview.record(question, interview.check(question, value))
    return interview.answers


def _templates() -> list[str]:
    questions = {one.name: one for one in read_recipe(find_source()).questions}
    return [str(choice.value) for choice in questions["template"].choices]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("template", _templates())
def test_render_plain_equals_copier_for_every_template(template: str, name: str) -> None:
    with plain_source(find_source()) as folder:
        recipe = read_recipe(folder)
        answers = _answers(recipe, template=template, project_name=name)

        assert recipe.is_plain
        assert render_plain(recipe, answers) == render_with_copier(recipe, answers)


def test_render_plain_equals_copier_for_all_it_can_do(source: Path, write: Write) -> None:
    copier_yml = source / "copier.yml"
    copier_yml.write_text(
        f"{_HEAD}_exclude: [node_modules, '*.py[co]', \"{{% if not tests %}}tests{{% endif %}}\"]\n"
        + _QUESTIONS,
        encoding="utf-8",
    )
    write(_ANSWERS_FILE, "{= dict(_copier_answers, _commit=rtstart_commit) | to_nice_yaml =}")
    write("plain.txt", "{= untouched =}\n")
    write("sound.wav", bytes(range(256)))
    write("title.txt.jinja", "{## gone ##}{= project_name =} {= rtstart_commit =}\r\nend\n")
    write("no-final-newline.jinja", "{% include 'templates/one/plain.txt' %}".replace("plain", "x"))
    write("x.txt", "included")
    write("both.txt", "plain one")
    write("both.txt.jinja", "templated one")
    write("{= project_name =}/name.txt", "in a named folder")
    write("{% if template == 'two' %}only-two{% endif %}/a.txt", "left out with its folder")
    write("{% if tests %}with-tests.txt{% endif %}.jinja", "{= tests =}")
    write("tests/a.txt", "tests")
    write("deep/node_modules/junk.js", "junk")
    write("deep/__init__.pyc", "junk")
    write("run.sh", "#!/bin/sh\n").chmod(0o755)
    (source / "templates" / "one" / "empty").mkdir()

    for tests in (True, False):
        recipe = read_recipe(source)
        answers = _answers(recipe, tests=tests)
        tree = render_plain(recipe, answers)

        assert recipe.is_plain
        assert tree == render_with_copier(recipe, answers)
        assert File("run.sh", b"#!/bin/sh\n", EXECUTABLE) in tree.files
        assert ("tests/a.txt" in [file.relpath for file in tree.files]) is tests


@pytest.mark.parametrize("pattern", ["/top.txt", "a/*.txt", "!keep.txt", "dir/", "**/deep.txt"])
def test_render_plain_equals_copier_for_patterns_of_gitignore(
    source: Path, write: Write, pattern: str
) -> None:
    with (source / "copier.yml").open("a", encoding="utf-8") as file:
        file.write(f"_exclude: ['*.txt', '{pattern}']\n".replace("'*.txt', ", "'x*', "))
    for relpath in ("top.txt", "a/top.txt", "keep.txt", "dir/one", "a/b/deep.txt", "xray"):
        write(relpath, relpath)

    recipe = read_recipe(source)
    answers = _answers(recipe)

    assert render_plain(recipe, answers) == render_with_copier(recipe, answers)


@pytest.mark.parametrize(
    "extra",
    [
        "_external_data: {x: y.yml}\n",
        "_envops: {trim_blocks: true}\n",
        "_templates_suffix: .tmpl\n",
    ],
)
def test_render_goes_to_copier_for_what_is_not_plain(
    source: Path, write: Write, extra: str
) -> None:
    (source / "copier.yml").write_text(
        "_subdirectory: templates/one\n" + extra + _QUESTIONS.replace("{= _folder_name =}", "a"),
        encoding="utf-8",
    )
    write("a.tmpl", "{{ project_name }}")
    write("b.jinja", "{{ project_name }}")

    recipe = read_recipe(source)
    answers = _answers(recipe)

    assert not recipe.is_plain
    assert render(recipe, answers) == render_with_copier(recipe, answers)


def test_render_plain_stops_at_a_misspelt_name(source: Path, write: Write) -> None:
    import jinja2

    write("a.txt.jinja", "{= project_nam =}")
    recipe = read_recipe(source)

    with pytest.raises(jinja2.UndefinedError, match="project_nam"):
        render(recipe, _answers(recipe))


@pytest.mark.parametrize(
    "dangerous",
    [
        "_tasks: [touch ran]\n",
        "_migrations: [{version: v1, command: touch ran}]\n_tasks: [touch ran]\n",
        "_jinja_extensions: [os.path]\n",
    ],
)
def test_s22_template_that_would_run_something_is_refused(
    source: Path, write: Write, dangerous: str
) -> None:
    from copier.errors import UnsafeTemplateError

    (source / "copier.yml").write_text(_HEAD + dangerous + _QUESTIONS, encoding="utf-8")
    write("a.txt", "a")
    recipe = read_recipe(source)

    with pytest.raises(UnsafeTemplateError):
        render(recipe, _answers(recipe))


def test_s22_shipped_templates_run_nothing() -> None:
    recipe = (find_source() / "copier.yml").read_text(encoding="utf-8")

    assert [word for word in ("_tasks", "_migrations", "_jinja_ext") if word in recipe] == []


def test_interview_reads_questions_as_copier_does(source: Path) -> None:
    (source / "copier.yml").write_text(
        """
plain: 3
yes_no: {type: bool, default: "{{ plain == 3 }}"}
pair: {type: str, choices: [[A, a], [B, b]], default: b}
silent: {type: str, default: "{{ pair }}!", ask: false}
only_if: {type: str, default: x, when: "{{ yes_no }}"}
never: {type: str, default: y, when: false}
must: {type: int}
""",
        encoding="utf-8",
    )
    recipe = read_recipe(source)
    interview = Interview(recipe, folder_name="f", data={})
    told: list[tuple[str, Value | None, bool]] = []
    for question in recipe.questions:
        value = interview.default(question)
        told.append((question.name, value, interview.is_asked(question)))
        interview.record(question, 0 if value is None else value)

    assert told == [
        ("plain", 3, True),
        ("yes_no", True, True),
        ("pair", "b", True),
        ("silent", "b!", False),
        ("only_if", "x", True),
        ("never", "y", False),
        ("must", None, True),
    ]
    assert interview.answers.remembered == {"plain", "yes_no", "pair", "silent", "only_if", "must"}


@pytest.mark.parametrize(
    "question", ["q: {type: yaml}", "q: {type: str, multiselect: true}", "q: {type: path}"]
)
def test_read_recipe_refuses_what_rtstart_cannot_ask(source: Path, question: str) -> None:
    (source / "copier.yml").write_text(question, encoding="utf-8")

    with pytest.raises(UnreadableRecipe, match="question q"):
        read_recipe(source)


def test_with_file_replaces_one_of_the_same_path() -> None:
    tree = make_tree([File("b", b"1"), File("a", b"2")], {"z", "y"})

    changed = tree.with_file(File("b", b"3", PLAIN))

    assert [file.content for file in changed.files] == [b"2", b"3"]
    assert changed.folders == ("y", "z")


def test_questions_of_the_shipped_templates_are_known() -> None:
    names = [question.name for question in read_recipe(find_source()).questions]

    assert names[:2] == ["project_name", "template"]
