"""Which file an import statement means."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

INIT = "__init__.py"


class ModuleIndex:
    """The importable modules of a project, told from paths alone.

    A module is named by its path without `.py`; a package by its folder. Absolute imports
    are looked for below the folder that holds the importing file's own top package, then
    below the source roots, the project, and every other folder that holds a package.
    """

    def __init__(self, files: Iterable[str], source_roots: Sequence[str]) -> None:
        self.files = frozenset(files)
        self.folders = {""}
        for rel in self.files:
            folder = posixpath.dirname(rel)
            while folder not in self.folders:
                self.folders.add(folder)
                folder = posixpath.dirname(folder)
        self.source_roots = list(source_roots)
        self._above = {folder: self._package_parent(folder) for folder in self.folders}
        parents = {self._above[folder] for folder in self.folders if self._is_package(folder)}
        roots = [*source_roots, "", "src", *sorted(parents)]
        self.roots = [root for root in dict.fromkeys(roots) if root in self.folders]
        self._tops = self._top_level_names()
        self._found: dict[tuple[str, str], str | None] = {}
        self._names: dict[str, str] = {}

    def file_of(self, module: str) -> str | None:
        """The file that holds the code of a module; None for a folder without `__init__.py`."""
        package = f"{module}/{INIT}" if module else INIT
        if package in self.files:
            return package
        plain = module + ".py"
        return plain if plain in self.files else None

    def exists(self, module: str) -> bool:
        """Whether there is such a module or folder."""
        return module in self.folders or self.file_of(module) is not None

    def child(self, module: str, name: str) -> str | None:
        """The submodule of a package, if there is one."""
        path = f"{module}/{name}" if module else name
        return path if self.exists(path) else None

    def absolute(self, dotted: str, importer: str) -> str | None:
        """The module that `import dotted` means in a file."""
        own = self._above[posixpath.dirname(importer)]
        key = (dotted, own)
        if key not in self._found:
            self._found[key] = self._search(dotted, own)
        return self._found[key]

    def relative(self, level: int, dotted: str, importer: str) -> str | None:
        """The module that `from ..dotted import` means in a file."""
        folder = posixpath.dirname(importer)
        for _ in range(level - 1):
            if not folder:
                return None
            folder = posixpath.dirname(folder)
        path = posixpath.join(folder, *dotted.split(".")) if dotted else folder
        return path if self.exists(path) else None

    def name_of(self, rel: str) -> str:
        """The dotted name of a file, seen from its source root."""
        if rel not in self._names:
            self._names[rel] = self._name_of(rel)
        return self._names[rel]

    def _name_of(self, rel: str) -> str:
        inside = [root for root in self.source_roots if not root or rel.startswith(root + "/")]
        root = max(inside, key=len, default="")
        path = rel[len(root) :].lstrip("/").removesuffix(".py")
        parts = [part for part in path.split("/") if part != ".."]
        if len(parts) > 1 and parts[-1] == "__init__":
            parts.pop()
        return ".".join(parts)

    def top_names(self) -> Iterable[tuple[str, str]]:
        """Pairs of a name that an absolute import can begin with, and the path it leads to."""
        for name, roots in self._tops.items():
            for root in roots:
                yield name, f"{root}/{name}" if root else name

    def _package_parent(self, folder: str) -> str:
        while folder and self._is_package(folder):
            folder = posixpath.dirname(folder)
        return folder

    def _is_package(self, folder: str) -> bool:
        return f"{folder}/{INIT}" in self.files

    def _top_level_names(self) -> dict[str, list[str]]:
        wanted = set(self.roots)
        children: dict[str, set[str]] = {}
        for path in self.folders | self.files:
            parent, name = posixpath.split(path)
            if parent in wanted and name:
                children.setdefault(parent, set()).add(name.removesuffix(".py"))
        tops: dict[str, list[str]] = {}
        for root in self.roots:
            for name in sorted(children.get(root, ())):
                tops.setdefault(name, []).append(root)
        return tops

    def _search(self, dotted: str, own: str) -> str | None:
        first, _, rest = dotted.partition(".")
        tail = rest.split(".") if rest else []
        for root in [own, *self._tops.get(first, ())]:
            path = posixpath.join(root, first, *tail)
            if self.exists(path):
                return path
        return None
