"""Two ways to fill the assembled notebook: papermill with this environment's own kernel, or in this process.

Both run the same cells. The kernel is the route of ``dipeval run``; the process is the route of `write_report`
and of batches, where starting a kernel for each report would be most of the wait.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dipeval import errors
from dipeval.errors import DipevalError, InputError, ReportError
from dipeval.report.notebooks import PARAMETERS, SETUP, tags

KERNEL_NAME = "dipeval-report"


@contextmanager
def own_kernel() -> Iterator[str]:
    """Offer a kernel that is this very interpreter: a kernel named python3 may belong to another environment."""
    with tempfile.TemporaryDirectory() as place:
        spec = Path(place) / "kernels" / KERNEL_NAME
        spec.mkdir(parents=True)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=50"]
        content = {"argv": command, "display_name": "dipeval", "language": "python", "env": {"PYTHONHASHSEED": "0"}}
        (spec / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
        before = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [place, before]))
        try:
            yield KERNEL_NAME
        finally:
            if before is None:
                del os.environ["JUPYTER_PATH"]
            else:
                os.environ["JUPYTER_PATH"] = before


class _Lines:
    """A text stream that hands finished lines to a function: what the kernel says while it works."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._rest = say, ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._say(line.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing to do: lines are handed over as they end."""


def run_in_kernel(notebook: Any, parameters: Mapping[str, Any], progress: Callable[[str], None]) -> Any:
    """Execute an assembled notebook by papermill.

    Parameters
    ----------
    notebook
        From `dipeval.report.notebooks.assemble`.
    parameters
        Values for the cell tagged ``parameters``.
    progress
        Called with one line at a time while the kernel works.

    Returns
    -------
    nbformat.NotebookNode
        With outputs.

    Raises
    ------
    InputError
        If a cell stopped at wrong input: the sentence of the original error.
    ReportError
        If a cell failed for another reason.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with own_kernel() as kernel, tempfile.TemporaryDirectory() as place:
        source, result = Path(place) / "report.ipynb", Path(place) / "executed.ipynb"
        nbformat.write(notebook, source)
        try:
            papermill.execute_notebook(
                str(source),
                str(result),
                parameters=dict(parameters),
                kernel_name=kernel,
                progress_bar=False,
                stderr_file=_Lines(progress),
                cwd=place,
                **_private_transport(place),
            )
        except PapermillExecutionError as failure:
            raise _as_ours(failure.ename, failure.evalue, failure.exec_count) from None
        return nbformat.read(result, as_version=4)


def _private_transport(place: str) -> dict[str, Any]:
    """What is said between this process and the kernel can be personal: sockets in a folder of ours, not TCP ports."""
    if sys.platform == "win32":
        return {}
    from jupyter_client.manager import AsyncKernelManager

    class PrivateKernelManager(AsyncKernelManager):
        transport = "ipc"

        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "connection_file": str(Path(place) / "kernel.json")})

    return {"kernel_manager_class": PrivateKernelManager}


def _as_ours(name: str, message: str, cell: int) -> DipevalError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, InputError):
        return InputError(message)
    # The message of a foreign error can quote a value of the data, so its kind alone is told.
    known = issubclass(kind, DipevalError) if isinstance(kind, type) else False
    what = f"{name}: {message}" if known else name
    return ReportError(
        f"Cell {cell} of the report's notebook failed ({what}). No report was written. This looks like a fault of "
        "dipeval rather than of the study. Its details may quote the data, so they are not shown: to see them where "
        "the data may be seen, open the study in Python with dip.Study.from_toml(...).run()."
    )


def run_in_process(notebook: Any, names: Mapping[str, Any]) -> Any:
    """Execute an assembled notebook's cells here, with a finished result in place of parameters and set-up.

    Parameters
    ----------
    notebook
        From `dipeval.report.notebooks.assemble`.
    names
        What the cells find defined, such as ``result``.

    Returns
    -------
    nbformat.NotebookNode
        With an output for every cell that ends in an expression.
    """
    import nbformat

    space: dict[str, Any] = dict(names)
    for cell in notebook.cells:
        if cell.cell_type != "code" or tags(cell) & {PARAMETERS, SETUP}:
            continue
        value = _last_value(cell.source, space)
        if value is not None:
            bundle = getattr(value, "_repr_mimebundle_", None)
            data, metadata = bundle() if bundle else ({"text/plain": repr(type(value))}, {})
            cell.outputs = [nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)]
    return notebook


def _last_value(source: str, space: dict[str, Any]) -> Any:
    tree = ast.parse(source)
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        exec(compile(tree, "<notebook>", "exec"), space)
        return None
    ending = tree.body.pop()
    assert isinstance(ending, ast.Expr)
    last = ast.Expression(ending.value)
    exec(compile(tree, "<notebook>", "exec"), space)
    return eval(compile(last, "<notebook>", "eval"), space)
