"""What a report is made of: sections of released text, tables and pictures, and nothing else.

A section shows itself in a notebook and marks its output as released; the renderer refuses any output without
the mark. So a table can only reach a reader through `dipeval.disclosure.release`.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dipeval.disclosure import ReleasedTable
from dipeval.errors import DisclosureError, InvariantError

RELEASED_MARK = "dipeval_released"
MINIMUM_ALT_LENGTH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Paragraphs of prose whose numbers were formatted from released figures.

    Parameters
    ----------
    paragraphs
        Plain text, one string a paragraph.
    kind
        ``plain``, ``lead`` (the headline), ``note`` (boxed) or ``warning`` (boxed, stands out).
    """

    paragraphs: tuple[str, ...]
    kind: str = "plain"

    def to_html(self) -> str:
        """Return the paragraphs as HTML."""
        body = "".join(f"<p>{html.escape(text)}</p>" for text in self.paragraphs if text)
        if self.kind == "plain":
            return body
        if self.kind == "lead":
            return f'<div class="lead">{body}</div>'
        return f'<div class="{self.kind}" role="note">{body}</div>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A list.

    Parameters
    ----------
    items
        Plain text, one string an item.
    title
        Heading of the list, or empty.
    """

    items: tuple[str, ...]
    title: str = ""

    def to_html(self, level: int = 3) -> str:
        """Return the list as HTML, its heading at this level."""
        items = "".join(f"<li>{html.escape(text)}</li>" for text in self.items if text)
        head = f"<h{level}>{html.escape(self.title)}</h{level}>" if self.title else ""
        return f"{head}<ul>{items}</ul>" if items else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section, for one of several parts of an answer.

    Parameters
    ----------
    text
        Plain text.
    """

    text: str

    def to_html(self, level: int = 3) -> str:
        """Return the heading as HTML, at this level."""
        return f"<h{level}>{html.escape(self.text)}</h{level}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A chart as PNG bytes with words for those who do not see it.

    Parameters
    ----------
    png
        The picture.
    alt
        What it shows, from the numbers: at least 40 characters.
    caption
        Title below it.
    """

    png: bytes
    alt: str
    caption: str

    def __post_init__(self) -> None:
        if len(self.alt) < MINIMUM_ALT_LENGTH:
            raise InvariantError(
                f"A picture's alternative text must say what it shows; got {len(self.alt)} characters."
            )

    def to_html(self) -> str:
        """Return the picture, embedded."""
        data = base64.b64encode(self.png).decode("ascii")
        image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.alt, quote=True)}">'
        return f"<figure>{image}<figcaption>{html.escape(self.caption)}</figcaption></figure>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A released table.

    Parameters
    ----------
    released
        What `dipeval.disclosure.release` returned; anything else is refused.
    """

    released: ReleasedTable

    def __post_init__(self) -> None:
        if not isinstance(self.released, ReleasedTable):
            raise DisclosureError(
                f"A report shows released tables only; this is a {type(self.released).__name__}. "
                "Pass it through dipeval.disclosure.release first."
            )

    def to_html(self) -> str:
        """Return the table with caption, scopes and right-aligned numbers."""
        table = self.released
        head = "".join(f'<th scope="col"{_side(name, table)}>{html.escape(name)}</th>' for name in table.columns)
        rows = "".join(f"<tr>{self._row(row)}</tr>" for row in table.rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in table.notes)
        foot = f'<div class="table-notes">{notes}</div>' if notes else ""
        return (
            f'<div class="table" role="region" tabindex="0" aria-label="{html.escape(table.caption, quote=True)}">'
            f"<table><caption><span>{html.escape(table.caption)}</span></caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>{foot}"
        )

    def _row(self, row: Sequence[str]) -> str:
        table = self.released
        first, *rest = row
        cells = [f'<th scope="row">{html.escape(first)}</th>']
        cells += [
            f"<td{_side(name, table)}>{html.escape(text)}</td>"
            for name, text in zip(table.columns[1:], rest, strict=True)
        ]
        return "".join(cells)


def _side(name: str, table: ReleasedTable) -> str:
    return ' class="number"' if name in table.numeric else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folded:
    """Detail that stands folded away until a reader opens it; a printed page leaves it out.

    Parameters
    ----------
    title
        What is inside, in a few words.
    blocks
        What stands in it, in order.
    """

    title: str
    blocks: tuple[Text | Table, ...]

    def to_html(self) -> str:
        """Return the detail as HTML that needs no script."""
        body = "".join(block.to_html() for block in self.blocks)
        return f"<details><summary>{html.escape(self.title)}</summary>{body}</details>"


Block = Text | Points | Heading | Picture | Table | Folded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """One question of the report and its answer.

    Parameters
    ----------
    title
        Heading.
    anchor
        Name of the place, for the table of contents.
    blocks
        What stands in it, in order.
    level
        Heading level: 1 for the title page, 2 for a question, 3 for a part of the answer, which has no place of its own
        in the table of contents.
    """

    title: str
    anchor: str
    blocks: tuple[Block, ...] = field(default=())
    level: int = 2

    def to_html(self) -> str:
        """Return the section as HTML."""
        body = "".join(
            block.to_html(self.level + 1) if isinstance(block, (Points, Heading)) else block.to_html()
            for block in self.blocks
        )
        heading = f'<h{self.level} id="{self.anchor}">{html.escape(self.title)}</h{self.level}>'
        return f'<section aria-labelledby="{self.anchor}">{heading}{body}</section>'

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.to_html()}, {
            RELEASED_MARK: {"title": self.title, "anchor": self.anchor, "level": self.level}
        }


def nothing() -> Section:
    """Return an empty section, for a question that this study does not ask; the report leaves it out."""
    return Section(title="", anchor="")
