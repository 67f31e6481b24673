"""From a template and answers to a tree. The only file that imports Copier, and only if needed."""

import tempfile
from pathlib import Path

from rtstart.adapters.scaffold.plain import render_plain
from rtstart.adapters.scaffold.recipe import Answers, Recipe
from rtstart.adapters.scaffold.tree import Tree, read_tree


def render(recipe: Recipe, answers: Answers) -> Tree:
    """The app, in memory: rendered directly where the template is plain, by Copier otherwise."""
    return render_plain(recipe, answers) if recipe.is_plain else render_with_copier(recipe, answers)


def render_with_copier(recipe: Recipe, answers: Answers) -> Tree:
    """The app as Copier itself renders it; what everything else is compared with.

    Copier changes the working directory and asks in a loop of its own, so this must not run
    beside an event loop; it is given every answer and asks nothing.
    """
    from copier import run_copy

    given = {name: answers.values[name] for name in answers.values if name in answers.remembered}
    with tempfile.TemporaryDirectory(prefix="rtstart-copier-") as name:
        folder = Path(name, answers.folder_name)
        run_copy(
            str(recipe.source),
            folder,
            data={**given, **answers.data},
            defaults=True,
            quiet=True,
        )
        return read_tree(folder)
