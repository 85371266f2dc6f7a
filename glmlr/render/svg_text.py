"""How does matplotlib's SVG become part of a page? Its colours follow the page's, its ids are unique, its size half."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final
from xml.etree import ElementTree

from glmlr.render.grid import clean

_LONG_NUMBER: Final = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
_FONT: Final = re.compile(r"font: (?:(?P<weight>bold|[1-9]00) )?(?P<size>[\d.]+)px [^;]*")
_FAMILY: Final = re.compile(r"font-family: [^;]*(?:; )?")
_NO_TURN: Final = re.compile(r"rotate\(-?0 [^)]*\)")
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_GEOMETRY: Final = frozenset({"d", "transform", "x", "y", "width", "height", "points"})

_STACK: Final = "system-ui, Helvetica, Arial, sans-serif"

Element = ElementTree.Element


def inline(
    source: str, *, title: str, description: str, colours: Mapping[str, str], prefix: str | None, scale: float
) -> str:
    """Turn an SVG file of matplotlib's into an SVG element for a page, in the colour and type of the text around it.

    Args:
        source: the file's text, its sizes in points.
        title: what a screen reader says first.
        description: what it says then.
        colours: colour in the file -> CSS colour on the page.
        prefix: begins every id; None derives one from the content.
        scale: CSS pixels for one point at full size; on narrower screens the drawing shrinks.

    """
    look = 'style="max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt" fill="currentColor"'
    words = _Words(title, description, prefix)
    return _element(source, colours, look, "", words, scale)


def document(source: str, *, title: str, description: str, ink: str, paper: str, scale: float) -> str:
    """Turn an SVG file of matplotlib's into one that stands alone: `ink` on `paper`, in the reader's own type."""
    look = f'style="stroke-linejoin:round;stroke-linecap:butt" font-family="{_STACK}" fill="{ink}"'
    behind = f'<rect width="100%" height="100%" fill="{paper}"/>'
    return _element(source, {}, look, behind, _Words(title, description, None), scale) + "\n"


@dataclass(frozen=True)
class _Words:
    """What is said of a drawing, and how its ids begin."""

    title: str
    description: str
    prefix: str | None


def _element(source: str, colours: Mapping[str, str], look: str, behind: str, words: _Words, scale: float) -> str:
    root = ElementTree.fromstring(source)
    prefix = words.prefix or "g" + hashlib.sha256((words.title + source).encode("utf-8", "replace")).hexdigest()[:10]
    _name_ids(root, prefix)
    _recolour(root, colours)
    wide, high = (float(size) for size in root.get("viewBox", "0 0 1 1").split()[2:])
    names = f"{prefix}-t {prefix}-d" if words.description else f"{prefix}-t"
    described = f'<desc id="{prefix}-d">{_safe(words.description)}</desc>' if words.description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="glmlr-chart" role="img" aria-labelledby="{names}" '
        f'viewBox="0 0 {wide:g} {high:g}" width="{wide * scale:.0f}" height="{high * scale:.0f}" {look}>'
        f'<title id="{prefix}-t">{_safe(words.title)}</title>{described}{behind}{"".join(map(_written, root))}</svg>'
    )


def _safe(words: str) -> str:
    return escape(clean(words))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _name_ids(root: Element, prefix: str) -> None:
    """Number the ids that something refers to, and take away the others."""
    used: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            targets = [value[1:]] if _local(name) == "href" and value.startswith("#") else _REFERENCE.findall(value)
            for target in targets:
                used.setdefault(target, f"{prefix}-{len(used) + 1}")
    for element in root.iter():
        old = element.attrib.pop("id", "")
        if old in used:
            element.set("id", used[old])
        for name, value in list(element.attrib.items()):
            if _local(name) == "href" and value.startswith("#"):
                element.set(name, "#" + used[value[1:]])
            else:
                element.set(name, _REFERENCE.sub(lambda match: f"url(#{used[match[1]]})", value))


def _recolour(root: Element, colours: Mapping[str, str]) -> None:
    for element in root.iter():
        style = element.get("style")
        if style:
            style = _FAMILY.sub("", _FONT.sub(_font, style))  # one or the other, by matplotlib's version
            element.set("style", _HEX.sub(lambda match: colours.get(match[0].lower(), match[0]), style))


def _font(match: re.Match[str]) -> str:
    """Keep size and weight; the family is the page's."""
    weight = f"; font-weight: {match['weight']}" if match["weight"] else ""
    return f"font-size: {match['size']}px{weight}"


def _written(element: Element) -> str:
    """Write an element without namespaces, metadata and what draws nothing."""
    name = _local(element.tag)
    if name in ("metadata", "style"):
        return ""
    inner = escape(clean(element.text), quote=False) if name in ("text", "tspan") and element.text else ""
    inner += "".join(_written(child) for child in element)
    if name in ("g", "defs") and not inner:
        return ""
    kept = {_local(key): text for key, text in element.attrib.items() if not _NO_TURN.fullmatch(text)}
    attributes = "".join(f' {key}="{_value(key, text)}"' for key, text in kept.items())
    if name == "g" and not attributes:
        return inner
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def _value(name: str, text: str) -> str:
    if name in _GEOMETRY:
        text = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), " ".join(text.split()))
    if name == "style":
        text = text.replace("; ", ";").replace(": ", ":")
    return escape(text)
