"""What a district regrets is found in what was true and what the roster showed."""

import pytest

from benchmarks.nights.facts import Fact, Shown
from benchmarks.nights.regret import Judge, in_words

ANN: frozenset[Fact] = frozenset(
    {("person", "ann"), ("login", "ann", "ann"), ("member", "ann", "art", "pupil")}
)


def shown(*facts: Fact, people: dict[str, str] | None = None, **rooms: str) -> Shown:
    known = people or {f"id-{fact[1]}": fact[1] for fact in facts if fact[0] == "person"}
    return Shown(
        frozenset(facts), {key: frozenset(names.split()) for key, names in known.items()}, rooms
    )


def judge(*facts: Fact) -> Judge:
    return Judge(shown(*facts), {fact[1] for fact in facts})


def test_nothing_lost_is_no_regret() -> None:
    one = judge(*ANN)
    one.look(ANN, shown(*ANN))
    one.end(ANN, waits=False, kept=False)
    assert in_words(one.regrets) == ""


@pytest.mark.parametrize(
    ("kind", "words"),
    [("person", "lost access"), ("login", "lost their login"), ("member", "lost a class")],
)
def test_what_is_true_and_no_longer_shown_is_lost(kind: str, words: str) -> None:
    one = judge(*ANN)
    one.look(ANN, shown(*(fact for fact in ANN if fact[0] != kind)))
    assert in_words(one.regrets).startswith(f"1 {words}")


def test_who_has_left_is_no_loss_and_must_be_gone_in_the_end() -> None:
    one = judge(*ANN)
    one.look(frozenset(), shown(*ANN))
    assert one.regrets == {}
    one.end(frozenset(), waits=True, kept=False)
    one.end(frozenset(), waits=False, kept=True)
    assert one.regrets == {}
    one.end(frozenset(), waits=False, kept=False)
    assert in_words(one.regrets) == "1 kept access for good after leaving"


def test_who_has_come_must_be_in_in_the_end() -> None:
    one = judge()
    one.look(ANN, shown())
    assert one.regrets == {}
    one.end(ANN, waits=False, kept=False)
    assert in_words(one.regrets) == "1 never got what is theirs"


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ({"id-ann": "ann", "id-new": "ann"}, "1 have two records"),
        ({"id-ann": "ann ben"}, "2 share one record"),
        ({"id-ann": "ben"}, "1 got somebody else's record"),
        ({"id-new": "ann"}, "1 came back without their content"),
    ],
)
def test_people_are_followed_by_their_records(people: dict[str, str], words: str) -> None:
    one = judge(*ANN)
    one.look(ANN, shown(*ANN, people=people))
    assert words in in_words(one.regrets)


def test_a_class_with_a_new_record_has_lost_its_content() -> None:
    one = Judge(shown(*ANN, room="art"), {"ann"})
    one.look(ANN, shown(*ANN, other="art"))
    assert in_words(one.regrets) == "1 of the classes came back without their content"


@pytest.mark.parametrize(("strangers", "regretted"), [(2, False), (3, True)])
def test_many_strangers_are_regretted(strangers: int, regretted: bool) -> None:
    one = judge(*ANN)
    foreign: list[Fact] = [("person", f"stranger-{n}") for n in range(strangers)]
    one.look(ANN, shown(*ANN, *foreign))
    assert bool(one.regrets) is regretted
