"""Runs a tutorial: its Python blocks in order in one namespace, keeping what each block printed for the page to show."""

import contextlib
import io
import re
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class TutorialError(Exception):
    """A block of a tutorial did not run."""


def run(page: Path, out: Path) -> int:
    """Run every block of ``page`` in folder ``out``; block n leaves `n.md` there, beside any file it wrote itself.

    Returns the number of blocks. Raises TutorialError with page, block and cause.
    """
    out.mkdir(parents=True, exist_ok=True)
    names: dict[str, object] = {"__name__": "__tutorial__"}
    blocks = BLOCK.findall(page.read_text())
    for number, source in enumerate(blocks, 1):
        said = io.StringIO()
        try:
            with contextlib.chdir(out), contextlib.redirect_stdout(said):
                exec(compile(source, f"{page.name}, block {number}", "exec"), names)
        except Exception as cause:
            raise TutorialError(f"{page}: block {number}: {type(cause).__name__}: {cause}") from cause
        printed = said.getvalue().rstrip()
        (out / f"{number}.md").write_text(f"```text\n{printed}\n```\n" if printed else "")
    return len(blocks)
