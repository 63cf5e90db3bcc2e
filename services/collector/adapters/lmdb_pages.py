"""Reads an LMDB file page by page and trusts nothing in it: what LMDB itself would trip over is a fault here.

Only what a journal uses: little-endian, one value a key. The layout is that of LMDB 0.9 (`struct MDB_page` and on).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

PAGE_HEADER = struct.Struct("<QHHHH")
NODE_HEADER = struct.Struct("<HHHH")
OVERFLOW_PAGES = struct.Struct("<I")
META = struct.Struct("<IIQQ48s48sQQ")
TREE = struct.Struct("<IHHQQQQQ")
PAGE_NUMBER = struct.Struct("<Q")
BRANCH, LEAF, OVERFLOW, META_PAGE = 0x01, 0x02, 0x04, 0x08
MAGIC, VERSION = 0xBEEFC0DE, 1
BIG, TABLE = 0x01, 0x02
NO_PAGE = 2**64 - 1
DEEPEST = 32
USUAL_PAGE = 4_096
# The table of free pages has numbers for keys.
NUMBERED = 0x08


class DamagedFile(Exception):
    """The file, or a part of it, is not what LMDB wrote."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One table: where it starts and how many entries it should have."""

    entries: int
    root: int


class Entry(NamedTuple):
    """What stands at one slot of a table; `key` is None where it cannot be read."""

    key: bytes | None
    value: bytes = b""
    flags: int = 0


class _Page(NamedTuple):
    number: int
    body: bytes
    kind: int
    slots: tuple[int, ...]


class _State(NamedTuple):
    """One of the two newest transactions.

    It tells where its table of tables and that of free pages start, and its last page; `sound` when LMDB can use it.
    """

    transaction: int
    root: int
    last: int
    free: int
    sound: bool


class Pages:
    """The tables of a file. Raises DamagedFile when no state of it can be read.

    `doubtful` says that the file cannot be left to LMDB; what is read then may be the state before the newest.
    """

    def __init__(self, file: bytes | mmap) -> None:
        self._file = file
        self._highest = 0
        self._page_size = self._told_page_size()
        states = sorted(self._states(), reverse=True)
        if not states:
            raise DamagedFile("no state of the file can be read")
        self._root, self._last, self._free = states[0].root, states[0].last, states[0].free
        # Each transaction writes the older one of two.
        self.doubtful = len(states) < 2 or not all(state.sound for state in states) or _gap(states) > 1
        self.tables = dict(self._tables())

    def entries(self, tree: Tree, *, newest_first: bool = False) -> Iterator[Entry]:
        """Every slot of a table in order of its keys, or against it. Raises DamagedFile at a page that is none."""
        if tree.root != NO_PAGE:
            yield from self._walk(tree.root, newest_first, 0, strict=True)

    def check_space(self) -> None:
        """Raises DamagedFile when LMDB could take a page for free that is not."""
        for entry in self.entries(Tree(0, self._free)):
            count, *_pages = struct.unpack_from("<Q", entry.value.ljust(8, b"\xff"))
            if entry.key is None or len(entry.key) != 8 or len(entry.value) != 8 * (count + 1):
                raise DamagedFile("its table of free pages is none")
        if self._highest > self._last:
            raise DamagedFile(f"page {self._highest} is in use, but free by the file's newest state")

    def readable(self, tree: Tree) -> Iterator[Entry]:
        """The same, leaving out pages that cannot be read."""
        if tree.root != NO_PAGE:
            yield from self._walk(tree.root, False, 0, strict=False)

    def _states(self) -> Iterator[_State]:
        """Those of the two states that can be read."""
        for number in (0, 1):
            start = number * self._page_size
            if start + PAGE_HEADER.size + META.size > len(self._file):
                return
            told, _pad, kind, _lower, _upper = PAGE_HEADER.unpack_from(self._file, start)
            meta = META.unpack_from(self._file, start + PAGE_HEADER.size)
            magic, version, _at, _size, free, main, last, transaction = meta
            root = TREE.unpack(main)[7]
            if (magic, version) == (MAGIC, VERSION) and (root == NO_PAGE or self._sound(root)):
                whole = (last + 1) * self._page_size <= len(self._file) and (told, kind) == (number, META_PAGE)
                yield _State(transaction, root, last, TREE.unpack(free)[7], whole and self._fit(free, main))

    def _fit(self, free: bytes, main: bytes) -> bool:
        """Whether the two tables that a state consists of can be those of LMDB."""
        page_size, *_rest = TREE.unpack(free)
        kinds = [TREE.unpack(tree)[1] for tree in (free, main)]
        starts = [(TREE.unpack(tree)[2], TREE.unpack(tree)[7]) for tree in (free, main)]
        rooted = all(self._sound(root) and depth <= DEEPEST if root != NO_PAGE else not depth for depth, root in starts)
        return page_size == self._page_size and kinds == [NUMBERED, 0] and rooted

    def _told_page_size(self) -> int:
        # Either state tells it, behind its own page's header; where neither can be believed, the usual one is tried.
        for start in (0, USUAL_PAGE):
            told = int.from_bytes(self._file[start + 40 : start + 44], "little")
            if 512 <= told <= 65_536 and told & (told - 1) == 0:
                return told
        return USUAL_PAGE

    def _tables(self) -> Iterator[tuple[str, Tree]]:
        for entry in self.readable(Tree(0, self._root)):
            if entry.key is not None and entry.flags & TABLE and len(entry.value) == TREE.size:
                _pad, _flags, _depth, _branches, _leaves, _overflows, entries, root = TREE.unpack(entry.value)
                yield entry.key.decode(errors="replace"), Tree(entries, root)

    def _walk(self, number: int, newest_first: bool, depth: int, *, strict: bool) -> Iterator[Entry]:
        try:
            page = self._page(number)
            if depth > DEEPEST:
                raise DamagedFile("the file's pages go in circles")
        except DamagedFile:
            if strict:
                raise
            return
        for slot in reversed(page.slots) if newest_first else page.slots:
            if page.kind == LEAF:
                yield self._entry(page, slot)
            else:
                low, high, top, _key = NODE_HEADER.unpack_from(page.body, slot)
                yield from self._walk(low | high << 16 | top << 32, newest_first, depth + 1, strict=strict)

    def _sound(self, number: int) -> bool:
        try:
            self._page(number)
        except DamagedFile:
            return False
        return True

    def _page(self, number: int) -> _Page:
        start = number * self._page_size
        body = self._file[start : start + self._page_size]
        if len(body) < self._page_size:
            raise DamagedFile(f"page {number} lies beyond the end of the file")
        told, _pad, flags, lower, upper = PAGE_HEADER.unpack_from(body)
        kind = flags & (BRANCH | LEAF | OVERFLOW | META_PAGE)
        if told != number or kind not in (BRANCH, LEAF) or not PAGE_HEADER.size <= lower <= upper <= len(body):
            raise DamagedFile(f"page {number} is no page of a table")
        slots = struct.unpack_from(f"<{(lower - PAGE_HEADER.size) // 2}H", body, PAGE_HEADER.size)
        if any(slot < upper or slot + NODE_HEADER.size > len(body) for slot in slots):
            raise DamagedFile(f"page {number} points outside of itself")
        self._highest = max(self._highest, number)
        return _Page(number, body, kind, slots)

    def _entry(self, page: _Page, slot: int) -> Entry:
        low, high, flags, key_size = NODE_HEADER.unpack_from(page.body, slot)
        size = low | high << 16
        after_key = slot + NODE_HEADER.size + key_size
        end = after_key + (PAGE_NUMBER.size if flags & BIG else size)
        # Nodes stand side by side, each on an even byte: one that ends elsewhere has a wrong size.
        following = min((other for other in page.slots if other > slot), default=len(page.body))
        if flags & ~(BIG | TABLE) or end + (end & 1) != following:
            return Entry(None)
        key = page.body[slot + NODE_HEADER.size : after_key]
        if not flags & BIG:
            return Entry(key, page.body[after_key:end], flags)
        value = self._overflow(PAGE_NUMBER.unpack_from(page.body, after_key)[0], size)
        return Entry(None) if value is None else Entry(key, value, flags)

    def _overflow(self, number: int, size: int) -> bytes | None:
        start = number * self._page_size
        if start + PAGE_HEADER.size > len(self._file):
            return None
        told, _pad, flags, _lower, _upper = PAGE_HEADER.unpack_from(self._file, start)
        pages = OVERFLOW_PAGES.unpack_from(self._file, start + PAGE_HEADER.size - OVERFLOW_PAGES.size)[0]
        fits = pages == -(-(size + PAGE_HEADER.size) // self._page_size)
        end = start + PAGE_HEADER.size + size
        if told != number or not flags & OVERFLOW or not fits or end > len(self._file):
            return None
        self._highest = max(self._highest, number + pages - 1)
        return self._file[start + PAGE_HEADER.size : end]


def _gap(states: list[_State]) -> int:
    return states[0].transaction - states[1].transaction
