"""On which line of a TOML file a key stands; the standard library's reader does not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

__all__ = ["Path", "line_of", "lines_of"]

Path = tuple[str | int, ...]
"""A place in the data: keys, and numbers (from 0) in arrays of tables."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'  # strings of several lines
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|\n"
    r"|[\[\]{}=.,]"
    r"|[^\s\"'#\[\]{}=.,]+",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    r"""Return the line, from 1, of every table and key of a TOML text that is sound.

    Keys within an inline table are not listed: they stand on the line of the key that holds them.

    >>> lines_of("[fleets.api]\nlike = 'systemd'\n[[faults]]\nat = 1")[("faults", 0, "at")]
    4
    """
    found = dict[Path, int]()
    tables = Counter[Path]()
    inside: Path = ()
    for line, words in _statements(text):
        if words[0] != "[":
            key = _key(words)
            found.setdefault(inside + key, line)
            # The options of a system have dots in their names, with quotes around them or without.
            found.setdefault(inside + tuple(part for word in key for part in word.split(".")), line)
            continue
        repeated = words[1] == "["
        inside = _within(_key(words[2 if repeated else 1 :]), tables)
        if repeated:
            tables[inside] += 1
            found.setdefault(inside, line)
            inside = (*inside, tables[inside] - 1)
        found.setdefault(inside, line)
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a place, or else that of the nearest table or key around it; 0 if there is none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each header and each key with its line, as the words up to the first value."""
    line, began, depth = 1, 1, 0
    words: list[str] = []
    value = False
    for found in _TOKEN.finditer(text):
        word = found[0]
        if word == "\n" and depth == 0:
            if words:
                yield began, words
            words, value = [], False
        elif value:
            depth += (word in "[{") - (word in "]}")
        elif word == "=":
            value = True
        elif word != "\n" and word[0] != "#":
            began = began if words else line
            words.append(word)
        line += word.count("\n")
    if words:
        yield began, words


def _key(words: list[str]) -> tuple[str, ...]:
    return tuple(word.strip("\"'") for word in words if word not in ("[", "]", "."))


def _within(path: Path, tables: Counter[Path]) -> Path:
    """Return the path with the number of the last table in each array on the way."""
    made: Path = ()
    for key in path[:-1]:
        made = (*made, key)
        if tables[made]:
            made = (*made, tables[made] - 1)
    return (*made, path[-1])
