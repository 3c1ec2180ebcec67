"""Ranking and rendering: what is shown, for whom, and within which budget."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmcode_agent.code_map import (
    CharacterEstimate,
    CodeMap,
    EncoderCounter,
    Focus,
    map_folder,
    tokenizer_file,
)
from swarmcode_agent.code_parser import FileSymbols, RegexParser
from swarmcode_agent.errors import MapError

SHOP = {
    "shop/cart.py": "from shop.price import total_price\n\nclass Cart:\n    def checkout(self):\n"
    "        return total_price(self.items)\n",
    "shop/price.py": "def total_price(items):\n    return sum(map(unit_price, items))\n\n"
    "def unit_price(item):\n    return item.cents\n",
    "shop/mail.py": "def send_receipt(address):\n    '''Mail a receipt to a customer.'''\n",
    "shop/admin.py": "from shop.price import unit_price\n\ndef audit(items):\n"
    "    return [unit_price(item) for item in items]\n",
    "docs/conf.py": "project = 'shop'\n",
}


def symbols_of(files: dict[str, str]) -> list[FileSymbols]:
    parser = RegexParser()
    return [parser.parse(text, path) for path, text in files.items()]


@pytest.fixture
def shop() -> CodeMap:
    return CodeMap(symbols_of(SHOP))


def order(code_map: CodeMap, focus: Focus) -> list[str]:
    return [file.path for file in code_map.rank(focus)]


def test_a_task_brings_up_the_files_that_speak_its_words(shop: CodeMap) -> None:
    """Words meet names at their joints, whatever their endings."""
    assert order(shop, Focus(task="Mailing receipts to customers fails"))[0] == "shop/mail.py"
    assert order(shop, Focus(task="Prices of units are wrong"))[0] == "shop/price.py"


@pytest.mark.parametrize(
    ("task", "first"),
    [
        pytest.param("crash in `send_receipt`", "shop/mail.py", id="a-name"),
        pytest.param("see shop/admin.py", "shop/admin.py", id="a-path"),
        pytest.param("look at conf.py please", "docs/conf.py", id="a-file-name"),
        pytest.param("Cart.checkout() is slow", "shop/cart.py", id="dotted"),
    ],
)
def test_what_a_task_names_comes_first(shop: CodeMap, task: str, first: str) -> None:
    """A name of code or a path in the task is the strongest hint there is."""
    assert order(shop, Focus(task=task))[0] == first


def test_used_files_rank_above_unused_ones(shop: CodeMap) -> None:
    """Without any focus, what others lean on is what matters."""
    ranked = order(shop, Focus())
    assert ranked[0] == "shop/price.py"
    assert ranked.index("shop/price.py") < ranked.index("docs/conf.py")


def test_files_in_focus_pull_their_neighbours_up(shop: CodeMap) -> None:
    """What a file in focus uses is more at hand than what it does not."""
    ranked = order(shop, Focus(files=("shop/cart.py",)))
    assert ranked[:2] == ["shop/cart.py", "shop/price.py"]


def test_recent_changes_count_the_latest_most(shop: CodeMap) -> None:
    """Who changed lately changes again."""
    ranked = order(shop, Focus(recent=("docs/conf.py", "shop/mail.py")))
    assert ranked.index("docs/conf.py") < ranked.index("shop/mail.py")
    assert ranked.index("shop/mail.py") < ranked.index("shop/admin.py")


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    """Files come from many processes in whatever order."""
    parsed = symbols_of(SHOP)
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(parsed)
        texts.add(CodeMap(parsed).render(Focus(task="price"), budget=500).text)
    assert len(texts) == 1


HASHED = """
import sys
from swarmcode_agent.code_map import CodeMap, Focus
from swarmcode_agent.code_parser import RegexParser
parser = RegexParser()
shares = (3, 5, 7, 9, 11, 13, 15, 17, 19)
files = {
    f"pkg/m{n}.py": "".join(f"def every_{k}(): pass\\n" for k in shares if n % 20 < k)
    for n in range(60)
}
task = " ".join(f"every_{k}" for k in shares)
shown = CodeMap(parser.parse(text, path) for path, text in files.items()).rank(Focus(task=task))
print([(each.path, each.score) for each in shown])
"""


def test_scores_do_not_depend_on_the_order_of_sets() -> None:
    """Every process hashes strings in its own way: the sums are the same to the last bit."""
    runs = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(runs) == 1


@pytest.mark.parametrize("piece", ["a", "a-", "/", "_", "a.", "'a", "aA"])
def test_a_task_of_any_text_is_read_in_time(shop: CodeMap, piece: str) -> None:
    """A commit's message may hold a hundred kilobytes without a space."""
    began = time.thread_time()
    shop.rank(Focus(task=piece * 50_000))
    assert time.thread_time() - began < 3.0


def test_one_file_updates_give_what_a_fresh_map_gives(shop: CodeMap) -> None:
    """Changing, adding and removing files leaves no trace of what was."""
    changed = {**SHOP, "shop/price.py": "def discount(items):\n    return 0\n"}
    changed["shop/new.py"] = "def fresh():\n    return discount([])\n"
    del changed["shop/admin.py"]
    for symbols in symbols_of({path: changed[path] for path in ("shop/price.py", "shop/new.py")}):
        shop.update(symbols)
    shop.remove("shop/admin.py")
    shop.remove("never/there.py")
    fresh = CodeMap(symbols_of(changed))
    focus = Focus(task="discount", files=("shop/cart.py",))
    assert shop.paths == fresh.paths
    assert shop.rank(focus) == fresh.rank(focus)


def test_the_walk_is_a_probability(shop: CodeMap) -> None:
    """PageRank keeps its mass: the ranks sum to one."""
    assert sum(shop.graph.walk({}).files.values()) == pytest.approx(1.0, abs=1e-3)
    assert sum(shop.graph.walk({"docs/conf.py": 3.0}).files.values()) == pytest.approx(
        1.0, abs=1e-3
    )


def test_the_walk_agrees_with_pagerank_worked_out_by_hand() -> None:
    """Two files that use each other's one name, and start alike, share the mass evenly."""
    code_map = CodeMap(
        symbols_of(
            {
                "a1.py": "def alpha():\n    return beta()\n",
                "b1.py": "def beta():\n    return alpha()\n",
            }
        )
    )
    assert code_map.graph.walk({}).files == pytest.approx({"a1.py": 0.5, "b1.py": 0.5})
    # Starting at a1: r(a) = 0.3 + 0.7 r(b), r(b) = 0.7 r(a), so r(a) = 0.3 / 0.51.
    walk = code_map.graph.walk({"a1.py": 1.0}).files
    assert walk["a1.py"] == pytest.approx(0.3 / 0.51, abs=1e-3)


WORDS = st.lists(st.sampled_from(["price", "total", "mail", "cart", "zebra"]), max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    budget=st.integers(-5, 600),
    task=WORDS.map(" ".join),
    width=st.sampled_from([1, 2, 3, 7]),
)
def test_no_budget_is_ever_exceeded(budget: int, task: str, width: int) -> None:
    """Whatever the budget, the task and the tokenizer: the text counted whole is within it."""
    counter = EncoderCounter(
        "pieces", lambda text: [text[i : i + width] for i in range(0, len(text), width)]
    )
    shown = CodeMap(symbols_of(SHOP)).render(Focus(task=task), budget=budget, counter=counter)
    assert shown.tokens == counter.count(shown.text)
    assert shown.tokens <= max(0, budget)
    assert len(shown.files) + shown.left_out == len(SHOP)


def test_a_tokenizer_that_counts_oddly_cannot_break_the_budget(shop: CodeMap) -> None:
    """A text may have fewer tokens than its own beginning; the promise holds all the same."""
    odd = EncoderCounter("odd", lambda text: range(len(text) % 97 * 5))
    for budget in range(0, 400, 7):
        shown = shop.render(budget=budget, counter=odd)
        assert odd.count(shown.text) <= budget


def test_a_model_s_own_tokenizer_counts(shop: CodeMap, tmp_path: Path) -> None:
    """A real tokenizer.json: the count is the tokenizer's, and said to be exact."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, show_progress=False)
    tokenizer.train_from_iterator(SHOP.values(), trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))

    counter = tokenizer_file(tmp_path)
    shown = shop.render(budget=80, counter=counter)
    assert shown.exact
    assert 0 < shown.tokens <= 80
    assert shown.tokens == len(tokenizer.encode(shown.text).ids)


def test_an_estimate_says_that_it_is_one(shop: CodeMap) -> None:
    """Nobody takes a guess for a count."""
    shown = shop.render(budget=100)
    assert not shown.exact
    assert shown.counter.startswith("estimate")
    assert CharacterEstimate().count("é" * 10) == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "not found", id="absent"),
        pytest.param("{}", "is not a tokenizer.json", id="something-else"),
    ],
)
def test_a_missing_tokenizer_is_an_error(tmp_path: Path, content: str | None, message: str) -> None:
    """There is no silent fallback to the estimate."""
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(MapError, match=message):
        tokenizer_file(tmp_path)


def test_a_folder_is_mapped_as_it_stands(tmp_path: Path) -> None:
    """From files on disk to a map, with processes and without."""
    for path, text in SHOP.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text + "\n" * 1100)
    one, two = (map_folder(tmp_path, SHOP, jobs=jobs).render(budget=300).text for jobs in (1, 2))
    assert one == two
    assert "1 def total_price(items)" in one


@pytest.mark.parametrize("path", ["gone.py", "folder", "zero\0.py"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, path: str) -> None:
    """Said in one line, with the file."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(MapError, match="cannot read"):
        map_folder(tmp_path, [path])


def test_lines_are_shown_below_their_file_in_order(shop: CodeMap) -> None:
    """The form of the text, once and whole."""
    shown = CodeMap(symbols_of({"shop/cart.py": SHOP["shop/cart.py"]})).render(budget=100)
    assert shown.text == "shop/cart.py:\n 3 class Cart\n  4 def checkout(self)\n"
