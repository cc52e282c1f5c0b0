"""The command line: `dipeval demo | init | check | run | compare | pseudonymise`.

Nothing heavy is imported before a command needs it: ``dipeval --help`` answers at once. Wrong input ends with its
sentence and status 2; a report that could not be made with status 1; a fault of dipeval keeps its traceback.
"""

from __future__ import annotations

import argparse
import codecs
import errno
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval._version import __version__
from dipeval.errors import DipevalError, ExtractError, InputError
from dipeval.quiet_parser import NoKeyHere, QuietParser

if TYPE_CHECKING:
    from dipeval.extracts import Extracts
    from dipeval.study import QuarterlyReview, Study

EXAMPLES = (
    "north_carolina.toml",
    "rossi.toml",
    "west_yorkshire_quarterly.toml",
    "west_yorkshire_simulated.toml",
    "withheld_example.toml",
)
TEMPLATE = "template.toml"
QUARTERLY_TEMPLATE, QUARTERLY_NAME = "quarterly_template.toml", "pcc.toml"
WRONG_INPUT, NO_REPORT, INTERRUPTED = 2, 1, 130
# What a terminal or a redirected file in an old encoding cannot hold: a lost minus sign would turn a figure round.
_PLAIN = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after ``dipeval``; default those of the command line.

    Returns
    -------
    int
        0; 2 for wrong input; 1 if a report could not be made; 130 if interrupted.

    Examples
    --------
    >>> main(["check", "no-such-study.toml"])
    2
    """
    _speak_plainly()
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except InputError as error:
        return _complain(error, WRONG_INPUT)
    except DipevalError as error:
        return _complain(error, NO_REPORT)
    except BrokenPipeError:  # whoever was listening has gone, as in `dipeval check study.toml | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_REPORT
    except OSError as error:
        if error.filename is None and error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _complain(_file_trouble(error), WRONG_INPUT)
    except KeyboardInterrupt:
        logging.getLogger("asyncio").disabled = True  # what the kernel was doing when it was stopped is no news
        return _complain("Interrupted. Reports that were there before are unchanged.", INTERRUPTED)
    return 0


def _complain(words: object, status: int) -> int:
    print(f"dipeval: {words}", file=sys.stderr)
    return status


def _file_trouble(error: OSError) -> str:
    place = f"'{error.filename}'" if error.filename is not None else "A file"
    return (
        f"{place} cannot be read or written ({error.strerror or type(error).__name__}). Check the path, your "
        "permission and the space on the disk, or name another folder. Reports that were there before are unchanged."
    )


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(letter if letter.isascii() else "?" for letter in lost), error.end


def _speak_plainly() -> None:
    codecs.register_error("dipeval-plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="dipeval-plain")


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = QuietParser(
        prog="dipeval",
        description="Did the intervention reduce reoffending, by how much, for whom, and was it worth the money?",
    )
    parser.add_argument("--version", action="version", version=f"dipeval {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="write the example study files afresh, run them and write their reports")
    demo.add_argument("folder", nargs="?", default="dipeval-demo", help="where they go (default: dipeval-demo)")
    demo.set_defaults(command=_demo)
    init = commands.add_parser("init", help="write a commented study file to fill in")
    init.add_argument("folder", help="where study.toml goes; made if it is not there")
    init.add_argument(
        "--quarterly",
        action="store_true",
        help=f"write {QUARTERLY_NAME} instead: indicators, districts and funding quarter by quarter",
    )
    init.set_defaults(command=_init)
    check = commands.add_parser("check", help="check a study file and its data, without touching an outcome")
    check.add_argument("study", metavar="STUDY.toml")
    check.set_defaults(command=_check)
    run = commands.add_parser("run", help="run studies and write their reports")
    run.add_argument("studies", nargs="+", metavar="STUDY.toml")
    run.add_argument("--to", default="reports", metavar="FOLDER", help="where reports go (default: reports)")
    run.set_defaults(command=_run)
    compare = commands.add_parser(
        "compare",
        help="run studies and set what their programmes gave for their cost beside each other",
        description="Runs studies with [costs] and writes comparison.html and comparison.csv. It ranks nothing. See "
        "docs/comparing_programmes.md.",
    )
    compare.add_argument("studies", nargs="+", metavar="STUDY.toml", help="two to eight")
    compare.add_argument("--to", default="reports", metavar="FOLDER", help="where they go (default: reports)")
    compare.set_defaults(command=_compare)
    _add_pseudonymise(commands)
    return parser


def _add_pseudonymise(commands: argparse._SubParsersAction[QuietParser]) -> None:
    hide = commands.add_parser(
        "pseudonymise",
        help="replace names, births and postcodes by keyed hashes before sending",
        description="Reads extracts as `dipeval run` does, replaces every identifier by keyed hashes, and writes the "
        "same tables as CSV. Whoever is to be linked with uses the same key. See docs/pseudonymised_linkage.md.",
        allow_abbrev=False,
    )
    hide.add_argument("folder", metavar="FOLDER", help="where the clear extracts are")
    hide.add_argument("output", metavar="OUTPUT", help="a new folder for the pseudonymised extracts")
    key = hide.add_mutually_exclusive_group(required=True)
    key.add_argument("--key-file", metavar="FILE", help="a file that holds the secret key and nothing else")
    key.add_argument("--key-variable", metavar="NAME", help="the environment variable that holds the secret key")
    key.add_argument("--key", nargs="?", action=NoKeyHere, help=argparse.SUPPRESS)
    hide.add_argument("--study", metavar="STUDY.toml", help="study file that says how the files differ from dipeval's")
    hide.add_argument("--hash-record-ids", action="store_true", help="hash the numbers of the records too")
    hide.add_argument(
        "--without-age-and-sex",
        action="store_true",
        help="leave the age in the year of the test and the sex out of drug_tests (no cohort can be built without)",
    )
    hide.set_defaults(command=_pseudonymise)


def _demo(options: argparse.Namespace) -> None:
    folder = _folder(options.folder)
    studies = [_copy(name, folder / name) for name in EXAMPLES]
    _say(f"The {len(studies)} example studies are in {folder}.")
    _run_all(studies, folder)


def _init(options: argparse.Namespace) -> None:
    template, name = (QUARTERLY_TEMPLATE, QUARTERLY_NAME) if options.quarterly else (TEMPLATE, "study.toml")
    target = _folder(options.folder) / name
    if target.exists():
        raise InputError(f"'{target}' is there already and is left as it is; name another folder.")
    _copy(template, target)
    _say(f"Wrote {target}. Fill it in, then: dipeval check {_typed(target)}")


def _check(options: argparse.Namespace) -> None:
    from dipeval.disclosure import release_line
    from dipeval.study.rules import disclosure_rule

    study = _read(options.study)
    rule = disclosure_rule(study.spec)
    with _progress(lambda line: _say(release_line(line, rule))):
        result = study.check()
    _say(result.in_words())


def _read(path: str | Path) -> Study | QuarterlyReview:
    """Read a study file of either kind: an evaluation, or a quarterly report, which says so at the top."""
    from dipeval.study.reading import QUARTERLY, file_kind

    if file_kind(path) == QUARTERLY:
        from dipeval.study import QuarterlyReview

        return QuarterlyReview.from_toml(path)
    from dipeval.study import Study

    return Study.from_toml(path)


def _run(options: argparse.Namespace) -> None:
    _run_all([Path(study) for study in options.studies], _folder(options.to, make=False))


def _run_all(studies: Sequence[Path], folder: Path) -> None:
    """Read every study file before the first is run, so that a typo in the last does not cost an hour."""
    read = [_read(study) for study in studies]
    from dipeval.report import run_quarterly_report, run_report
    from dipeval.report.write import slug
    from dipeval.study import Study

    if len({slug(study.stem) for study in studies}) < len(studies):
        raise InputError("Two of the study files have the same name, so their reports would overwrite each other.")

    reports: list[tuple[str, Path]] = []
    try:
        for number, (one, study) in enumerate(zip(read, studies, strict=True), 1):
            _say(f"[{number}/{len(studies)}] {one.spec.title}")
            make = run_report if isinstance(one, Study) else run_quarterly_report
            with _told_to_stop(), _alone(folder, slug(study.stem)):
                reports.append((one.spec.title, make(study, folder, progress=lambda line: _say(f"      {line}"))))
    finally:
        _name(reports)


def _compare(options: argparse.Namespace) -> None:
    from dipeval.disclosure import release_line
    from dipeval.report.programmes_page import strictest
    from dipeval.report.programmes_write import FOLDER, run_comparison
    from dipeval.study import Study
    from dipeval.study.rules import disclosure_rule

    folder, studies = _folder(options.to, make=False), [Path(study) for study in options.studies]
    rule = strictest([disclosure_rule(Study.from_toml(study).spec) for study in studies])
    with _told_to_stop(), _alone(folder, FOLDER), _progress(lambda line: _say(release_line(line, rule))):
        path = run_comparison(studies, folder, progress=_say)
    _name([("Comparison", path)])


def _pseudonymise(options: argparse.Namespace) -> None:
    from dipeval.extracts.writing import write_new_folder
    from dipeval.linkage import LinkageKey, pseudonymise
    from dipeval.linkage.keys import others_may_read

    folder, output = Path(options.folder), Path(options.output)
    _folder(str(output.parent), make=False)
    if output.exists():
        raise InputError(f"'{output}' is there already and is left as it is; name a new folder.")
    if folder.resolve() in output.resolve().parents:
        raise InputError(f"'{output}' lies in the folder of the clear extracts; name a folder elsewhere.")
    by_file = options.key_file is not None
    key = LinkageKey.from_file(options.key_file) if by_file else LinkageKey.from_variable(options.key_variable)
    _say(f"Key fingerprint: {key.fingerprint} (every agency must see the same).")
    if key.shorter_than_advised:
        _say("The key has fewer than 32 bytes: a longer one is advised.")
    if by_file and others_may_read(options.key_file):
        _say("Other users of this machine may open the key file: let only its keepers (chmod 600).")
    extracts = _clear_extracts(folder, options.study)
    hashed = pseudonymise(
        extracts,
        key=key,
        hash_record_ids=options.hash_record_ids,
        keep_age_and_sex=not options.without_age_and_sex,
    )
    with _told_to_stop():
        written = write_new_folder(hashed, output)
    for note in hashed.summary().notes:
        _say(f"  {note}")
    _say(f"Wrote {', '.join(file.name for file in written)} to {output}.")
    _say(f"The data cover the days up to {hashed.extract_date.isoformat()}: tell the receiver (data.extract_date).")
    _say("These are still personal data: whoever holds the key can undo the hashes. Never send the key with them.")


def _clear_extracts(folder: Path, study_file: str | None) -> Extracts:
    """Read clear extracts as `dipeval run` would, with the mapping of the study file if there is one."""
    from dipeval.extracts import read_extracts
    from dipeval.study.wording import as_study_keys

    named: dict[str, Any] = {}
    if study_file is not None:
        named = _as_in_the_study(Path(study_file), folder)
    try:
        return read_extracts(folder, **named)
    except ExtractError as error:
        raise ExtractError([as_study_keys(fault) for fault in error.faults]) from None


def _as_in_the_study(study_file: Path, folder: Path) -> dict[str, Any]:
    from dataclasses import replace

    from dipeval.study.rules import disclosure_rule, extract_mapping

    spec = _read(study_file).spec
    if spec.data.source != "extracts":
        raise InputError(f"'{study_file.name}' is no study of extracts (data.source), so it says nothing of the files.")
    mapping = extract_mapping(spec)
    # A study names the files of all agencies; each has only its own in its folder.
    paths = {table: one if isinstance(one, str) else one[0] for table, one in mapping.files.items()}
    absent = {table: path for table, path in paths.items() if not (folder / path).is_file()}
    if absent and len(absent) < len(paths):
        mapping = replace(mapping, files={name: one for name, one in mapping.files.items() if name not in absent})
        _say(f"Named in the study file and not in this folder: {', '.join(sorted(absent.values()))}.")
    return {
        "mapping": mapping,
        "extract_date": spec.data.extract_date,
        "on_error": spec.data.on_error,
        "data_status": disclosure_rule(spec).data_status,
    }


def _name(reports: Sequence[tuple[str, Path]]) -> None:
    if not reports:
        return
    _say(f"{'Report' if len(reports) == 1 else 'Reports'}:")
    for title, path in reports:
        _say(f"  {title}: {path}")


def _typed(path: Path) -> str:
    """A path as it has to be typed: in quotation marks if there are spaces in it."""
    return f'"{path}"' if os.name == "nt" and " " in str(path) else shlex.quote(str(path))


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """A request to end (a closing session, a job scheduler) tidies up like Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Two runs that write one report would take each other's files away: the second says so and stops.

    The mark is let go by the system when a run is killed. Where there are no such marks (Windows) nothing is checked.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{name}.lock"
    with path.open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"Another run is writing the report '{name}' in '{folder}'. Wait until it has finished, or name "
                "another folder with --to."
            ) from None
        except OSError:  # a disk that knows no marks, such as some network drives
            pass
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _folder(name: str, *, make: bool = True) -> Path:
    """A folder that can be written to, found out before an hour of work and not after it."""
    folder = Path(name)
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise InputError(f"'{nearest}' is a file; name a folder.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"Nothing may be written in '{nearest}'; name another folder, or ask for the permission.")
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _copy(name: str, target: Path) -> Path:
    target.write_bytes((files("dipeval.examples") / name).read_bytes())
    return target


class _progress:
    """While a command works, lines of the dipeval log go to the terminal."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._handler = _Lines(say)
        self._logger = logging.getLogger("dipeval")

    def __enter__(self) -> None:
        self._before = self._logger.level
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.INFO)

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._before)


class _Lines(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(f"      {record.getMessage()}")


if __name__ == "__main__":
    raise SystemExit(main())
