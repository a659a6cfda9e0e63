"""What must hold for every page of HTML: it is well formed, loads nothing and can be navigated."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements without content and end tag.
VOID = {"meta", "br", "hr", "img", "input", "link", "source", "wbr", "base", "embed", "track"}

# Elements and attributes that run code or fetch something when a page is opened.
ACTIVE = {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "source", "form"}
FETCHING = {"src", "srcset", "data", "poster", "background", "action", "ping"}

# A word does not continue across the end of one of these.
BLOCKS = {"title", "p", "li", "dt", "dd", "td", "th", "caption", "summary", "pre", "h1", "h2", "h3"}

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class _Reader(HTMLParser):
    faults: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def __hash__(self) -> int:
        return id(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if len(found) < len(attrs):
            self.faults.append(f"{tag} has an attribute twice")
        self.tags.append(tag)
        self.attributes.append((tag, found))
        if tag not in VOID:
            self.opened.append(tag)
        if tag in HEADINGS:
            self.headings.append(int(tag[1]))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        href = str(found.get("href", ""))
        if href.startswith("#"):
            self.targets.append(href[1:])
        elif href and not (tag == "a" and href.startswith(("https://", "http://"))):
            self.faults.append(f"{tag} refers to {href!r}")
        if tag in ACTIVE:
            self.faults.append(f"{tag} is not allowed")
        for name, value in attrs:
            if name.startswith("on") or name in FETCHING or "url(" in str(value):
                self.faults.append(f"{tag} has {name}")

    def handle_endtag(self, tag: str) -> None:
        if not self.opened or self.opened.pop() != tag:
            self.faults.append(f"unexpected end of {tag}, line {self.getpos()[0]}")
        if tag in BLOCKS:
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        if self.opened and self.opened[-1] == "style":
            if any(each in data for each in ("url(", "@import", "expression(", "<")):
                self.faults.append("the style sheet loads something")
        elif "svg" not in self.opened:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment: {data!r}")


def faults(page: str) -> list[str]:
    """What is wrong with *page*, which must be a whole document."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = reader.faults
    if not page.isascii() or any(ord(each) < 32 and each != "\n" for each in page):
        found.append("a character that is not printable ASCII")
    if not page.startswith("<!DOCTYPE html>\n") or not page.endswith("</html>\n"):
        found.append("not a whole document")
    found += [f"{tag} is not closed" for tag in reader.opened]
    found += [f"id {each!r} twice" for each in {*reader.ids} if reader.ids.count(each) > 1]
    found += [f"no id {each!r}" for each in reader.targets if each not in reader.ids]
    if reader.headings.count(1) != 1 or reader.headings[0] != 1:
        found.append("not one h1, at the top")
    for before, after in zip(reader.headings, reader.headings[1:], strict=False):
        if after > before + 1:
            found.append(f"h{after} below h{before}")
    # Pictures have titles, too.
    if reader.tags.count("title") != 1 + reader.tags.count("desc"):
        found.append("not one title")
    for tag in ("html", "head", "body", "main", "footer"):
        if reader.tags.count(tag) != 1:
            found.append(f"not one {tag}")
    for tag, given in reader.attributes:
        if tag == "html" and given.get("lang") != "en":
            found.append("no language")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            found.append("a table head without a scope")
    if '<meta name="viewport"' not in page:
        found.append("no viewport")
    return found


def texts(page: str) -> str:
    """What a reader of *page* sees and hears, as one line."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return " ".join("".join(reader.texts).split())
