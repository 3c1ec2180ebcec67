"""What every driver has to pass, as classes for pytest.

    class TestMyStorage(StorageAcceptance):
        def make_storage(self) -> Storage:
            return MyStorage(...)

    class TestMyDriver(DriverAcceptance):
        def make_root(self) -> AgnosticCollection:
            return MyDriver().mount(...)

Each test asks for a storage of its own, empty. A suite raises AssertionError saying what it
expected; it imports no test framework.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from ..errors import StaleTokensError, StorageError, UnsafeNameError, WrongKindError
from ..mounting.accessible import AgnosticCollection, Localizable, Object
from ..storage.contract import MakeFolder, Members, Put, Remove, Selection, Storage

UNSAFE = (
    "../x",
    "a/../../x",
    "/etc/x",
    "a//b",
    "a/./b",
    "..",
    ".worktree/x",
    "a\0b",
    "a\nb",
    "a\\b",
)


def expect(found: object, wanted: object, what: str) -> None:
    """Raise AssertionError unless both are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, found {found!r}")


def expect_raises(error: type[BaseException], what: str, call: Callable[[], Any]) -> BaseException:
    """Call, and raise AssertionError unless that raises the error."""
    try:
        found = call()
    except error as raised:
        return raised
    raise AssertionError(f"{what}: expected {error.__name__}, but it returned {found!r}")


class StorageAcceptance:
    """The storage contract. Tests of folders are left out for a storage without folders."""

    def make_storage(self) -> Storage:
        """A storage with nothing in it."""
        raise AssertionError("override make_storage()")

    def read(self, storage: Storage, *keys: str) -> dict[str, bytes]:
        """The bytes under some keys."""
        found = storage.read(Selection(objects=keys))
        return {key: stored.data for key, stored in found.objects.items()}

    def test_nothing_is_there_at_first(self) -> None:
        """An empty storage has a root, and nothing in it."""
        storage = self.make_storage()
        expect(self.read(storage, "a", "b/c"), {}, "objects")
        expect(list(storage.entries("") or ()), [], "entries of the root")
        expect(storage.entries("b"), None, "entries of a folder that does not exist")

    def test_what_is_put_is_read(self) -> None:
        """Bytes come back as they were, with the token that `apply` returned."""
        storage = self.make_storage()
        every_byte = bytes(range(256))
        tokens = storage.apply([Put("a.bin", every_byte), Put("b/c.bin", b"")], {"a.bin": None})
        found = storage.read(Selection(objects=("a.bin", "b/c.bin"))).objects
        expect(
            {key: stored.data for key, stored in found.items()},
            {"a.bin": every_byte, "b/c.bin": b""},
            "objects",
        )
        expect({key: stored.token for key, stored in found.items()}, dict(tokens), "tokens")

    def test_members_are_the_objects_right_inside_with_the_suffix(self) -> None:
        """Neither deeper ones, nor other suffixes, nor hidden ones."""
        storage = self.make_storage()
        for key in ("f/a.json", "f/b.json", "f/c.txt", "f/.d.json", "f/g/e.json", "a.json"):
            storage.apply([Put(key, key.encode())], {})
        found = storage.read(Selection(members=(Members("f", ".json"),))).objects
        expect(sorted(found), ["f/a.json", "f/b.json"], "members")
        expect(
            dict(storage.read(Selection(members=(Members("no", ".json"),))).objects),
            {},
            "members of a folder that does not exist",
        )

    def test_an_object_is_replaced_where_its_token_holds(self) -> None:
        """The right token lets a write through, and a new token comes out."""
        storage = self.make_storage()
        first = storage.apply([Put("a", b"1")], {})["a"]
        second = storage.apply([Put("a", b"2")], {"a": first})["a"]
        expect(self.read(storage, "a"), {"a": b"2"}, "objects")
        expect(first == second, wanted=False, what="tokens of two versions are equal")

    def test_a_stale_token_changes_nothing(self) -> None:
        """Not the object it is about, nor any other in the same set of changes."""
        storage = self.make_storage()
        first = storage.apply([Put("a", b"1")], {})["a"]
        storage.apply([Put("a", b"2")], {"a": first})
        error = expect_raises(
            StaleTokensError,
            "a stale token",
            lambda: storage.apply([Put("b", b"x"), Put("a", b"3")], {"a": first}),
        )
        expect(getattr(error, "keys", None), ("a",), "stale keys")
        expect(self.read(storage, "a", "b"), {"a": b"2"}, "objects")

    def test_an_object_that_must_be_absent(self) -> None:
        """An expectation of None holds only where nothing is stored."""
        storage = self.make_storage()
        storage.apply([Put("a", b"1")], {"a": None})
        expect_raises(
            StaleTokensError, "it exists", lambda: storage.apply([Put("a", b"2")], {"a": None})
        )
        expect_raises(
            StaleTokensError, "it is gone", lambda: storage.apply([Put("b", b"2")], {"b": "token"})
        )

    def test_an_expectation_about_another_object(self) -> None:
        """Expectations need not be about what is changed."""
        storage = self.make_storage()
        token = storage.apply([Put("a", b"1")], {})["a"]
        storage.apply([Put("b", b"1")], {"a": token})
        storage.apply([Put("a", b"2")], {})
        expect_raises(
            StaleTokensError, "a moved on", lambda: storage.apply([Put("b", b"2")], {"a": token})
        )
        expect(self.read(storage, "b"), {"b": b"1"}, "objects")

    def test_a_removed_object_is_gone(self) -> None:
        """And removing what is not there is no error."""
        storage = self.make_storage()
        token = storage.apply(
            [
                Put("a", b"1"),
            ],
            {},
        )["a"]
        storage.apply([Remove("a")], {"a": token})
        storage.apply([Remove("a")], {})
        expect(self.read(storage, "a"), {}, "objects")

    def test_a_removed_folder_takes_everything_with_it(self) -> None:
        """And nothing beside it, however alike the names are."""
        storage = self.make_storage()
        for key in ("f/a", "f/g/b", "f.json", "f2/a"):
            storage.apply([Put(key, b"1")], {})
        storage.apply([Remove("f")], {})
        expect(
            sorted(self.read(storage, "f/a", "f/g/b", "f.json", "f2/a")),
            ["f.json", "f2/a"],
            "objects",
        )
        expect(storage.entries("f"), None, "entries of the removed folder")

    def test_an_append_keeps_what_is_there(self) -> None:
        """`keep` is a hint: the outcome is that of a plain write."""
        storage = self.make_storage()
        token = storage.apply([Put("log", b"one\n")], {})["log"]
        token = storage.apply([Put("log", b"one\ntwo\n", keep=4)], {"log": token})["log"]
        expect(self.read(storage, "log"), {"log": b"one\ntwo\n"}, "objects")
        storage.apply([Put("log", b"one\ntwo\nthree\n", keep=8)], {"log": token})
        expect(self.read(storage, "log"), {"log": b"one\ntwo\nthree\n"}, "objects")

    def test_folders(self) -> None:
        """They can be made, empty, and again; and are listed by name."""
        storage = self.make_storage()
        if not storage.capabilities.folders:
            return
        storage.apply([MakeFolder("b/c")], {})
        storage.apply([MakeFolder("b/c"), Put("a", b"")], {})
        found = storage.read(Selection(folders=("b", "b/c", "d"))).folders
        expect(found, {"b", "b/c"}, "folders")
        expect(
            [(entry.name, entry.kind) for entry in storage.entries("") or ()],
            [("a", "object"), ("b", "folder")],
            "entries",
        )

    def test_a_folder_is_no_object(self) -> None:
        """Each mistake is a WrongKindError, and changes nothing."""
        storage = self.make_storage()
        if not storage.capabilities.folders:
            return
        storage.apply([MakeFolder("f"), Put("o", b"1")], {})
        mistakes: Sequence[tuple[str, Callable[[], Any]]] = (
            ("an object over a folder", lambda: storage.apply([Put("f", b"")], {})),
            ("a folder over an object", lambda: storage.apply([MakeFolder("o")], {})),
            ("an object below an object", lambda: storage.apply([Put("o/x", b"")], {})),
            ("the folder of an object", lambda: storage.read(Selection(folders=("o",)))),
        )
        for what, call in mistakes:
            expect_raises(WrongKindError, what, call)
        expect(self.read(storage, "o"), {"o": b"1"}, "objects")

    def test_names_that_lead_out(self) -> None:
        """Are refused by every call, before anything happens."""
        storage = self.make_storage()
        for key in UNSAFE:
            for call in (
                lambda key=key: storage.read(Selection(objects=(key,))),
                lambda key=key: storage.read(Selection(members=(Members(key, ""),))),
                lambda key=key: storage.entries(key),
                lambda key=key: storage.apply([Put(key, b"x")], {}),
                lambda key=key: storage.apply([Remove(key)], {}),
                lambda key=key: storage.apply([MakeFolder(key)], {}),
            ):
                expect_raises(UnsafeNameError, f"the name {key!r}", call)

    def test_changes_that_depend_on_their_order(self) -> None:
        """Two changes of one key, or a change inside a removal, are refused."""
        storage = self.make_storage()
        storage.apply([Put("f/a", b"1")], {})
        for changes in ([Put("b", b"1"), Remove("b")], [Remove("f"), Put("f/a", b"2")]):
            expect_raises(StorageError, f"{changes}", lambda c=changes: storage.apply(c, {}))  # type: ignore[misc]
        expect(self.read(storage, "f/a", "b"), {"f/a": b"1"}, "objects")

    def test_one_of_many_wins(self) -> None:
        """Of several threads that expect the same version, one writes."""
        storage = self.make_storage()
        token = storage.apply([Put("a", b"0")], {})["a"]
        barrier, won = Barrier(4), []

        def race(number: int) -> None:
            barrier.wait()
            try:
                storage.apply([Put("a", str(number).encode())], {"a": token})
            except StaleTokensError:
                return
            won.append(number)

        threads = [Thread(target=race, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(len(won), 1, "threads that wrote")
        expect(self.read(storage, "a"), {"a": str(won[0]).encode()}, "objects")

    def test_recovery_of_nothing(self) -> None:
        """Where nothing was interrupted there is nothing to finish."""
        expect(list(self.make_storage().recover()), [], "recovered keys")


class DriverAcceptance:
    """The published interface: objects and collections."""

    def make_root(self) -> AgnosticCollection:
        """The root collection of a mount with nothing in it."""
        raise AssertionError("override make_root()")

    def test_an_absent_path(self) -> None:
        """Does not exist, as anything, and is not found."""
        root = self.make_root()
        expect(root.exists("x"), wanted=False, what="exists")
        expect(root.exists_object("x"), wanted=False, what="exists_object")
        expect(root.exists_collection("x"), wanted=False, what="exists_collection")
        expect(root.find("x"), None, "find")
        expect(root.find_object("x"), None, "find_object")
        expect(root.find_collection("x"), None, "find_collection")

    def test_touch(self) -> None:
        """Makes an empty object, with its path; touching again keeps what is in it."""
        root = self.make_root()
        made = root.touch("a.txt")
        expect(made.read_text(), "", "the content")
        expect(made.name(), "a.txt", "the name")
        if isinstance(root, Localizable):
            expect(made.path(), root.path() / "a.txt", "the path")
        made.write_text("kept")
        expect(root.touch("a.txt").read_text(), "kept", "the content after touching again")

    def test_text_and_bytes(self) -> None:
        """Come back as they were."""
        root = self.make_root()
        made = root.touch("a")
        made.write_text("zażółć\n")
        expect(made.read_text(), "zażółć\n", "the text")
        made.write_binary(b"\x00\xff\r\n")
        expect(made.read_binary(), b"\x00\xff\r\n", "the bytes")

    def test_nested(self) -> None:
        """Collections nest; paths lead through them."""
        root = self.make_root()
        inner = root.mkdir("a/b")
        expect(inner.name(), "b", "the name")
        inner.touch("c.txt").write_text("x")
        found = root.find_object("a/b/c.txt")
        expect(found is not None and found.read_text(), "x", "the nested object")

    def test_ls_and_rm(self) -> None:
        """Names are listed; a file and a whole collection are removed."""
        root = self.make_root()
        root.touch("a")
        root.mkdir("b").touch("c")
        found = {item.name(): isinstance(item, Object) for item in root.ls()}
        expect(found, {"a": True, "b": False}, "names, and whether they are objects")
        root.rm("a")
        root.rm("b")
        expect(list(root.ls()), [], "what is left")

    def test_types(self) -> None:
        """A type that does not match does not exist, and raises where it is asked for."""
        root = self.make_root()
        root.touch("o")
        root.mkdir("c")
        expect(root.exists("o", "object"), wanted=True, what="the object")
        expect(root.exists("o", "collection"), wanted=False, what="the object, as collection")
        expect(root.exists("c", "object"), wanted=False, what="the collection, as object")
        expect_raises(WrongKindError, "find", lambda: root.find("c", "object"))
        expect_raises(WrongKindError, "find", lambda: root.find("o", "collection"))
        expect_raises(WrongKindError, "touch", lambda: root.touch("c"))
